import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bouncycastle.pqc.crypto.mldsa.MLDSAParameters;

/** A checkpoint with its cosignatures, verified (log.md, section 2, and C2SP signed-note, tlog-checkpoint, tlog-cosignature). */
final class Checkpoint {
    private static final int NOTE = 1;
    private static final int COSIGNATURE = 4;
    private static final int ML_DSA_44 = 6;

    final long size;
    final byte[] root;
    final long signedAt;
    /** When, in seconds, by the institution that has cosigned. */
    final Map<String, Long> witnesses = new TreeMap<>();
    private final String text;
    private final String origin;

    private record Line(String name, byte[] value) {}

    Checkpoint(byte[] note, String institution, Trust trust) {
        String all = Wire.utf8(note);
        int gap = all.lastIndexOf("\n\n");
        Refused.need(gap >= 0, "a checkpoint has no signatures");
        text = all.substring(0, gap + 1);
        Refused.need(all.chars().allMatch(c -> c == '\n' || c >= 32), "a checkpoint has control characters");
        String[] lines = text.split("\n", -1);
        Refused.need(lines.length == 4 && lines[3].isEmpty(), "a checkpoint has not three lines");
        origin = "portability/log/" + institution;
        Refused.need(lines[0].equals(origin), "the checkpoint is of another log");
        Refused.need(lines[1].matches("0|[1-9][0-9]{0,17}"), "the size of a checkpoint is no number");
        size = Long.parseLong(lines[1]);
        root = base64(lines[2]);
        Refused.need(root.length == 32, "the root of a checkpoint has not 32 bytes");
        Map<String, List<byte[]>> byName = byName(all.substring(gap + 2));
        List<byte[]> own = byName.remove(origin);
        Refused.need(own != null, "the log has not signed its checkpoint");
        signedAt = pair(own, origin, NOTE, institution, trust);
        byName.forEach((name, signatures) -> {
            Refused.need(name.startsWith("portability/witness/"), "a signature of a checkpoint is by no witness");
            String witness = name.substring("portability/witness/".length());
            witnesses.put(witness, pair(signatures, name, COSIGNATURE, witness, trust));
        });
    }

    private static Map<String, List<byte[]>> byName(String signatures) {
        Refused.need(signatures.endsWith("\n"), "the last signature of a checkpoint has no end");
        Map<String, List<byte[]>> found = new LinkedHashMap<>();
        for (String line : signatures.substring(0, signatures.length() - 1).split("\n", -1)) {
            String[] parts = line.split(" ", -1);
            Refused.need(parts.length == 3 && parts[0].equals("\u2014"), "a signature of a checkpoint is no such line");
            found.computeIfAbsent(parts[1], none -> new ArrayList<>()).add(base64(parts[2]));
        }
        return found;
    }

    /** Base64 in its one canonical writing. */
    private static byte[] base64(String text) {
        try {
            byte[] value = Base64.getDecoder().decode(text);
            Refused.need(Base64.getEncoder().encodeToString(value).equals(text), "base64 is not in its canonical writing");
            return value;
        } catch (IllegalArgumentException wrong) {
            throw new Refused("a signature of a checkpoint is no base64");
        }
    }

    /** Exactly two signatures, both by one log key of the institution; when, in seconds. */
    private long pair(List<byte[]> signatures, String name, int classicalType, String institution, Trust trust) {
        Refused.need(signatures.size() == 2, name + " has not signed exactly twice");
        for (Trust.Key key : trust.logKeys(institution)) {
            byte[] classical = find(signatures, keyId(name, classicalType, key.pair().ed25519()));
            byte[] hybrid = find(signatures, keyId(name, ML_DSA_44, key.pair().mldsa()));
            if (classical != null && hybrid != null) {
                return verified(key, name, classicalType, classical, hybrid);
            }
        }
        throw new Refused("no log key of " + institution + " has signed the checkpoint, in both halves");
    }

    private long verified(Trust.Key key, String name, int classicalType, byte[] classical, byte[] hybrid) {
        Refused.need(hybrid.length == 4 + 8 + 2420, "an ML-DSA-44 signature has another length");
        long time = java.nio.ByteBuffer.wrap(hybrid, 4, 8).getLong();
        Refused.need(time > 0 && time < 253_402_300_800L, "a checkpoint is signed at no known time");
        Refused.need(!key.revoked() && key.holds(time * 1000), "a key of a log was revoked or outside its window");
        byte[] covered = Crypto.join(Crypto.ascii("subtree/v1\n\0"), named(name), Crypto.int64(time), named(origin),
            Crypto.int64(0), Crypto.int64(size), root);
        byte[] signature = Arrays.copyOfRange(hybrid, 12, hybrid.length);
        boolean stands = Crypto.mldsa(MLDSAParameters.ml_dsa_44, key.pair().mldsa(), covered, new byte[0], signature);
        Refused.need(stands, "an ML-DSA-44 signature of a checkpoint does not stand");
        byte[] plain = Arrays.copyOfRange(classical, 4, classical.length);
        String signed = text;
        if (classicalType == COSIGNATURE) {
            boolean same = plain.length == 72 && java.nio.ByteBuffer.wrap(plain).getLong() == time;
            Refused.need(same, "the two cosignatures of a witness are not of one time");
            plain = Arrays.copyOfRange(plain, 8, plain.length);
            signed = "cosignature/v1\ntime " + time + "\n" + text;
        }
        boolean both = Crypto.ed25519(key.pair().ed25519(), Crypto.ascii(signed), plain);
        Refused.need(both, "an Ed25519 signature of a checkpoint does not stand");
        return time;
    }

    private static byte[] find(List<byte[]> signatures, byte[] keyId) {
        return signatures.stream().filter(one -> one.length > 4 && Arrays.equals(one, 0, 4, keyId, 0, 4)).findFirst().orElse(null);
    }

    private static byte[] keyId(String name, int type, byte[] key) {
        return Arrays.copyOf(Crypto.sha256(Crypto.ascii(name + "\n"), new byte[] {(byte) type}, key), 4);
    }

    private static byte[] named(String name) {
        byte[] value = Crypto.ascii(name);
        return Crypto.join(new byte[] {(byte) value.length}, value);
    }
}
