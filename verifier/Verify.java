// A second reading of docs/spec, in another language and on other libraries. It shares no line with the node.
//
//     java -cp 'LIBRARIES/*' verifier/Verify.java vectors docs/spec/vectors
//
// It takes Java 17, Bouncy Castle for ML-DSA-65 and Jackson for JSON. What it prints it has verified; what does not
// verify ends it with exit status 1 and one line that says why.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.crypto.CipherParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.params.ParametersWithContext;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.bouncycastle.pqc.crypto.mldsa.MLDSAParameters;
import org.bouncycastle.pqc.crypto.mldsa.MLDSAPublicKeyParameters;
import org.bouncycastle.pqc.crypto.mldsa.MLDSASigner;

public final class Verify {

    /** What is checked does not hold. */
    static final class Refused extends RuntimeException {
        Refused(String reason) {
            super(reason);
        }
    }

    static void need(boolean holds, String reason) {
        if (!holds) {
            throw new Refused(reason);
        }
    }

    // --- bytes -------------------------------------------------------------------------------------------------

    static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] sha256(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return digest.digest();
        } catch (java.security.NoSuchAlgorithmException missing) {
            throw new IllegalStateException(missing);
        }
    }

    /** LP(a, b, ...): each part after its length as four bytes, big-endian (section 2). */
    static byte[] lengthPrefixed(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(ByteBuffer.allocate(4).putInt(part.length).array());
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    // --- canonical protobuf (section 2) ------------------------------------------------------------------------

    /** Fields of one message: whole numbers as BigInteger, everything else as bytes, each list in its order. */
    static final class Fields {
        private final Map<Integer, List<Object>> values = new LinkedHashMap<>();

        Fields(byte[] data) {
            int at = 0;
            int before = 0;
            while (at < data.length) {
                long[] tag = varint(data, at);
                at = (int) tag[1];
                int number = (int) (tag[0] >>> 3);
                need(number >= before, "fields are not in ascending order");
                before = number;
                if ((tag[0] & 7) == 0) {
                    long[] value = varint(data, at);
                    at = (int) value[1];
                    add(number, new BigInteger(Long.toUnsignedString(value[0])));
                } else {
                    need((tag[0] & 7) == 2, "a field has a wire type that is not used");
                    long[] length = varint(data, at);
                    at = (int) length[1];
                    need(length[0] >= 0 && length[0] <= data.length - at, "a field is cut off");
                    add(number, Arrays.copyOfRange(data, at, at + (int) length[0]));
                    at += (int) length[0];
                }
            }
        }

        private void add(int number, Object value) {
            values.computeIfAbsent(number, none -> new ArrayList<>()).add(value);
        }

        private static long[] varint(byte[] data, int start) {
            long value = 0;
            for (int at = start, shift = 0; ; at++, shift += 7) {
                need(at < data.length && shift < 70, "a varint is cut off or too long");
                long part = data[at] & 0x7f;
                need(shift < 63 || part <= 1, "a varint is over 64 bits");
                value |= part << shift;
                if (data[at] >= 0) {
                    need(part != 0 || shift == 0, "a varint has a needless zero byte");
                    return new long[] {value, at + 1};
                }
            }
        }

        List<byte[]> all(int number) {
            List<byte[]> found = new ArrayList<>();
            for (Object value : values.getOrDefault(number, List.of())) {
                need(value instanceof byte[], "field " + number + " should hold bytes");
                found.add((byte[]) value);
            }
            return found;
        }

        byte[] bytes(int number) {
            List<byte[]> found = all(number);
            need(found.size() == 1, "field " + number + " stands " + found.size() + " times");
            return found.get(0);
        }

        byte[] optional(int number) {
            return values.containsKey(number) ? bytes(number) : new byte[0];
        }

        String text(int number) {
            return new String(bytes(number), StandardCharsets.UTF_8);
        }

        long number(int number) {
            List<Object> found = values.getOrDefault(number, List.of(BigInteger.ZERO));
            need(found.size() == 1 && found.get(0) instanceof BigInteger, "field " + number + " is no number");
            return ((BigInteger) found.get(0)).longValueExact();
        }
    }

    // --- Merkle trees (RFC 6962 section 2.1) -------------------------------------------------------------------

    static byte[] leaf(byte[] entry) {
        return sha256(new byte[] {0}, entry);
    }

    static byte[] node(byte[] left, byte[] right) {
        return sha256(new byte[] {1}, left, right);
    }

    /** The tree hash by the definition: split at the largest power of two below the size. */
    static byte[] root(List<byte[]> leaves) {
        if (leaves.isEmpty()) {
            return sha256();
        }
        if (leaves.size() == 1) {
            return leaves.get(0);
        }
        int split = Integer.highestOneBit(leaves.size() - 1);
        return node(root(leaves.subList(0, split)), root(leaves.subList(split, leaves.size())));
    }

    /** The root that an audit path leads to, from the top down as the definition splits. */
    static byte[] rootByPath(byte[] leaf, long index, long size, List<byte[]> path) {
        need(index >= 0 && index < size, "a leaf lies outside its tree");
        if (size == 1) {
            need(path.isEmpty(), "an audit path is too long");
            return leaf;
        }
        need(!path.isEmpty(), "an audit path is too short");
        long split = Long.highestOneBit(size - 1);
        byte[] sibling = path.get(path.size() - 1);
        need(sibling.length == 32, "a hash of an audit path has not 32 bytes");
        List<byte[]> lower = path.subList(0, path.size() - 1);
        return index < split
            ? node(rootByPath(leaf, index, split, lower), sibling)
            : node(sibling, rootByPath(leaf, index - split, size - split, lower));
    }

    // --- hybrid signatures (section 4) -------------------------------------------------------------------------

    /** The public halves of one key: Ed25519 and ML-DSA-65. */
    record SigningKey(byte[] ed25519, byte[] mldsa65, long notBefore, long notAfter) {

        /** Both signatures over LP(context, signed), ML-DSA with the same context; else Refused. */
        void verify(byte[] signed, byte[] context, byte[] ed25519Signature, byte[] mldsa65Signature) {
            byte[] covered = lengthPrefixed(context, signed);
            Ed25519Signer classical = new Ed25519Signer();
            classical.init(false, new Ed25519PublicKeyParameters(ed25519));
            classical.update(covered, 0, covered.length);
            need(ed25519Signature.length == 64 && classical.verifySignature(ed25519Signature), "the Ed25519 signature is wrong");
            MLDSASigner hybrid = new MLDSASigner();
            CipherParameters key = new MLDSAPublicKeyParameters(MLDSAParameters.ml_dsa_65, mldsa65);
            hybrid.init(false, new ParametersWithContext(key, context));
            hybrid.update(covered, 0, covered.length);
            need(hybrid.verifySignature(mldsa65Signature), "the ML-DSA-65 signature is wrong");
        }
    }

    static final byte[] BUNDLE = utf8("portability/v1/bundle");
    static final byte[] DIRECTORY = utf8("portability/v1/directory");

    // --- what stands in the vectors ----------------------------------------------------------------------------

    static JsonNode json(Path file) throws java.io.IOException {
        return new ObjectMapper().readTree(Files.readAllBytes(file));
    }

    /** A bundle's outer part: signature, window, hash of the ciphertext (sections 3 to 5; the content stays sealed). */
    static Fields bundleHead(JsonNode vector, byte[] bundle) {
        Fields outer = new Fields(bundle);
        byte[] signed = outer.bytes(1);
        Fields head = new Fields(signed);
        JsonNode key = vector.get("keys").get(head.text(3) + " " + head.text(5));
        need(key != null, "the signing key is not in the directory");
        signingKey(key).verify(signed, BUNDLE, outer.bytes(3), outer.bytes(4));
        need(Arrays.equals(sha256(outer.bytes(2)), head.bytes(10)), "the ciphertext is not the one that was signed");
        return head;
    }

    static SigningKey signingKey(JsonNode key) {
        return new SigningKey(
            hex(key.get("classical").asText()),
            hex(key.get("post_quantum").asText()),
            key.path("not_before_ms").asLong(),
            key.path("not_after_ms").asLong());
    }

    static void checkBundle(JsonNode vector) {
        Fields head = bundleHead(vector, hex(vector.get("bundle").asText()));
        List<byte[]> leaves = new ArrayList<>();
        for (JsonNode message : vector.get("messages")) {
            leaves.add(hex(message.get("leaf_hash").asText()));
        }
        need(Arrays.equals(root(leaves), head.bytes(9)), "the leaves do not hash to the signed root");
        need(leaves.size() == head.number(8), "the bundle has another number of messages");
    }

    static void checkDirectory(JsonNode vector) {
        byte[] directory = hex(vector.get("directory").asText());
        int counted = 0;
        for (JsonNode signature : vector.get("signatures")) {
            JsonNode root = vector.get("roots").get(signature.get("key_id").asText());
            if (root != null) {
                signingKey(root).verify(
                    directory, DIRECTORY, hex(signature.get("ed25519").asText()), hex(signature.get("mldsa65").asText()));
                counted++;
            }
        }
        need(counted >= vector.get("threshold").asInt(), "too few root keys have signed");
        need(new Fields(directory).number(1) == vector.get("version").asLong(), "the directory has another version");
    }

    static void checkMerkle(JsonNode vector) {
        List<byte[]> leaves = new ArrayList<>();
        for (int size = 0; ; size++) {
            need(Arrays.equals(root(leaves), hex(vector.get("roots").get(size).asText())), "root of " + size + " entries");
            if (size == vector.get("entries").size()) {
                return;
            }
            leaves.add(leaf(hex(vector.get("entries").get(size).asText())));
        }
    }

    static void checkVectors(Path folder) throws java.io.IOException {
        checkMerkle(json(folder.resolve("merkle.json")));
        System.out.println("merkle.json: the tree hashes are those of RFC 6962");
        for (String name : List.of("bundle.json", "receipt.json")) {
            checkBundle(json(folder.resolve(name)));
            System.out.println(name + ": both signatures stand over the head, and the leaves lead to its root");
        }
        checkDirectory(json(folder.resolve("directory.json")));
        System.out.println("directory.json: as many root keys as needed have signed it, each twice");
    }

    public static void main(String[] arguments) throws java.io.IOException {
        try {
            if (arguments.length == 2 && arguments[0].equals("vectors")) {
                checkVectors(Path.of(arguments[1]));
            } else {
                System.err.println("Verify vectors FOLDER");
                System.exit(2);
            }
        } catch (Refused refused) {
            System.err.println("refused: " + refused.getMessage());
            System.exit(1);
        }
    }

    private Verify() {}
}
