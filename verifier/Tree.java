import java.util.Arrays;
import java.util.List;

/** The hash tree of RFC 6962 and RFC 9162, section 2.1, read from its definition. */
final class Tree {

    static byte[] leaf(byte[] entry) {
        return Crypto.sha256(new byte[] {0}, entry);
    }

    static byte[] node(byte[] left, byte[] right) {
        return Crypto.sha256(new byte[] {1}, left, right);
    }

    /** Split at the largest power of two below the size. */
    static byte[] root(List<byte[]> leaves) {
        if (leaves.size() < 2) {
            return leaves.isEmpty() ? Crypto.sha256() : leaves.get(0);
        }
        int split = Integer.highestOneBit(leaves.size() - 1);
        return node(root(leaves.subList(0, split)), root(leaves.subList(split, leaves.size())));
    }

    /** Refused where the path does not lead from this leaf to this root. */
    static void included(byte[] leaf, long index, long size, List<byte[]> path, byte[] root, String what) {
        hashes(path, what);
        Refused.need(index >= 0 && index < size, what + " lies outside its tree");
        Refused.need(Arrays.equals(climb(leaf, index, size, path, what), root), what + " is not in its tree");
    }

    private static byte[] climb(byte[] leaf, long index, long size, List<byte[]> path, String what) {
        Refused.need((size == 1) == path.isEmpty(), "the path of " + what + " has another length");
        if (size == 1) {
            return leaf;
        }
        long split = Long.highestOneBit(size - 1);
        byte[] top = path.get(path.size() - 1);
        List<byte[]> lower = path.subList(0, path.size() - 1);
        return index < split
            ? node(climb(leaf, index, split, lower, what), top)
            : node(top, climb(leaf, index - split, size - split, lower, what));
    }

    /** Refused where the proof does not lead from the first `old` leaves' root to that of all `size` (RFC 9162, 2.1.4). */
    static void consistent(long old, byte[] oldRoot, long size, byte[] root, List<byte[]> path) {
        hashes(path, "a consistency proof");
        Refused.need(old > 0 && old <= size, "a tree does not grow from a larger one or from none");
        byte[][] both = old == size ? new byte[][] {oldRoot, oldRoot} : grow(old, oldRoot, size, path, true);
        Refused.need(old != size || path.isEmpty(), "a consistency proof is too long");
        Refused.need(Arrays.equals(both[0], oldRoot) && Arrays.equals(both[1], root), "a tree has not grown from the other");
    }

    /** SUBPROOF of the definition, backwards: what the proof says of the old and of the new root of a part. */
    private static byte[][] grow(long old, byte[] oldRoot, long size, List<byte[]> path, boolean whole) {
        if (old == size) {
            Refused.need(path.size() == (whole ? 0 : 1), "a consistency proof has another length");
            byte[] same = whole ? oldRoot : path.get(0);
            return new byte[][] {same, same};
        }
        Refused.need(!path.isEmpty(), "a consistency proof is too short");
        long split = Long.highestOneBit(size - 1);
        byte[] top = path.get(path.size() - 1);
        List<byte[]> lower = path.subList(0, path.size() - 1);
        if (old <= split) {
            byte[][] left = grow(old, oldRoot, split, lower, whole);
            return new byte[][] {left[0], node(left[1], top)};
        }
        byte[][] right = grow(old - split, oldRoot, size - split, lower, false);
        return new byte[][] {node(top, right[0]), node(top, right[1])};
    }

    private static void hashes(List<byte[]> path, String what) {
        Refused.need(path.size() <= 64, "the path of " + what + " has more than 64 hashes");
        Refused.need(path.stream().allMatch(one -> one.length == 32), "a hash of " + what + " has not 32 bytes");
    }

    private Tree() {}
}
