using CsCheck;
using MfaEvents.Core.Audit;

namespace MfaEvents.Core.Tests.Audit;

public sealed class MerkleTests
{
    // The reference tree of the certificate-transparency project (RFC 6962), leaf by leaf with the root after each.
    private static readonly (string Leaf, string Root)[] Reference =
    [
        ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ];

    [Fact]
    public void The_reference_tree_has_its_roots()
    {
        var tree = new TreeFrontier();
        Convert.ToHexStringLower(tree.Root).ShouldBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        foreach (var (leaf, root) in Reference)
        {
            tree.Append(MerkleHash.OfLeaf(Convert.FromHexString(leaf)));
            Convert.ToHexStringLower(tree.Root).ShouldBe(root);
        }
    }

    [Fact]
    public void Roots_and_proofs_out_of_tiles_are_those_of_the_tree() => Gen.Int[1, 700].Sample(
        size =>
        {
            var grown = new Grown(size);
            var root = new LeafRange(0, size).Hash(grown.Read);
            root.ShouldBe(grown.Frontier.Root);
            new TreeFrontier(size, grown.Read).Root.ShouldBe(root);

            var index = size / 3;
            var proof = MerkleProof.Inclusion(index, size).Select(range => range.Hash(grown.Read)).ToList();
            MerkleProof.VerifyInclusion(Grown.Leaf(index), index, size, proof, root).ShouldBeTrue();
            MerkleProof.VerifyInclusion(Grown.Leaf(index), index, size, proof, Grown.Leaf(0)).ShouldBe(size == 1);
            if (proof.Count > 0)
            {
                proof[^1] = [.. proof[^1][..31], (byte)(proof[^1][31] ^ 1)];
                MerkleProof.VerifyInclusion(Grown.Leaf(index), index, size, proof, root).ShouldBeFalse();
            }

            foreach (var from in (int[])[1, size / 2, size - 1, size])
            {
                if (from < 1) continue;
                var consistency = MerkleProof.Consistency(from, size).Select(range => range.Hash(grown.Read)).ToList();
                var before = new LeafRange(0, from).Hash(grown.Read);
                MerkleProof.VerifyConsistency(from, before, size, root, consistency).ShouldBeTrue();
                MerkleProof.VerifyConsistency(from, MerkleHash.Empty, size, root, consistency).ShouldBeFalse();
                if (from < size) MerkleProof.VerifyConsistency(from, before, size, before, consistency).ShouldBeFalse();
            }
        },
        iter: 300);

    [Fact]
    public void A_tile_that_was_cut_short_says_so() => Should.Throw<FormatException>(() => TreeTile.Read(new byte[40], new TreeNode(0, 1)));

    [Fact]
    public void Notes_and_keys_read_as_they_are_written_and_nothing_else_reads()
    {
        // The key and the note of C2SP signed-note's own example.
        var key = NoteKey.Parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").ShouldNotBeNull();
        key.ToString().ShouldBe("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
        NoteKey.Parse("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").ShouldBeNull();

        const string note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
            + "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        var parsed = SignedNote.Parse(note).ShouldNotBeNull();
        parsed.ToString().ShouldBe(note);
        parsed.Signatures.ShouldHaveSingleItem().KeyHash.ShouldBe(key.Hash);
        foreach (var wrong in (string[])["", "\n", "\n\n", "text\n\n", note + "\n", note.TrimEnd('\n'), note.Replace("\u2014", "-", StringComparison.Ordinal)])
            SignedNote.Parse(wrong).ShouldBeNull(wrong);

        var checkpoint = new Checkpoint("localhost/log", 12, MerkleHash.Empty);
        Checkpoint.Parse(checkpoint.ToString())!.Root.ShouldBe(MerkleHash.Empty);
        foreach (var wrong in (string[])["", "a\n1\n", "a\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "a\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "a\n1\nshort\n"])
            Checkpoint.Parse(wrong).ShouldBeNull(wrong);
    }

    /// <summary>A tree kept in tiles, as the log is.</summary>
    private sealed class Grown
    {
        private readonly Dictionary<TreeTile, byte[]> tiles = [];

        public Grown(int size)
        {
            for (var i = 0; i < size; i++)
                Frontier.Append(Leaf(i), (node, hash) =>
                {
                    if (TreeTile.PlaceOf(node) is { } place)
                        tiles[TreeTile.Of(node)] = [.. tiles.GetValueOrDefault(TreeTile.Of(node), []).AsSpan(0, place * MerkleHash.Length), .. hash];
                });
        }

        public TreeFrontier Frontier { get; } = new();

        public static byte[] Leaf(int index) => MerkleHash.OfLeaf(BitConverter.GetBytes(index));

        public byte[] Read(TreeNode node) => TreeTile.Read(tiles[TreeTile.Of(node)], node);
    }
}
