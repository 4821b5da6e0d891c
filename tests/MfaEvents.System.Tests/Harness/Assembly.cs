using System.Runtime.Versioning;

// Signals, modes of files and Unix sockets.
[assembly: UnsupportedOSPlatform("windows")]
