"""A mail server on loopback (Debian's python3-aiosmtpd): keeps each mail as a file. It ends when its standard input does.

usage: smtp-server.py PORT FOLDER plain|starttls|implicit [CERTIFICATE KEY [USER PASSWORD]]
"""
import asyncio
import os
import ssl
import sys
import uuid

from aiosmtpd.smtp import SMTP, AuthResult

port, folder, mode, *rest = sys.argv[1:]
context = None
if mode != "plain":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(rest[0], rest[1])
credentials = rest[2:4]


class Keep:
    """Refuses whom it is told to by their names; keeps the rest."""

    def __init__(self):
        self.put_off = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("unknown"):
            return f"550 5.1.1 <{address}> nobody of that name"
        if address.startswith("later") and address not in self.put_off:
            self.put_off.add(address)
            return f"451 4.7.1 <{address}> greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = os.path.join(folder, uuid.uuid4().hex)
        with open(name + ".part", "wb") as file:
            is_tls = session.ssl or server.transport.get_extra_info("ssl_object")
            file.write(b"X-Transport: %s\r\n" % (b"tls" if is_tls else b"plain"))
            file.write(b"X-Login: %s\r\n" % repr(session.auth_data is not None).encode())
            file.write(envelope.content)
        os.rename(name + ".part", name + ".eml")
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = [data.login.decode(), data.password.decode()] == credentials
    return AuthResult(success=good, auth_data=data.login if good else None)


async def main():
    handler = Keep()

    def connection():
        return SMTP(
            handler,
            tls_context=context if mode == "starttls" else None,
            require_starttls=mode == "starttls",
            authenticator=authenticate,
            auth_required=bool(credentials),
            auth_require_tls=mode == "starttls",
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", int(port), ssl=context if mode == "implicit" else None)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
