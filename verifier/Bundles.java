import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.digests.SHA3Digest;
import org.bouncycastle.math.ec.rfc7748.X25519;
import org.bouncycastle.pqc.crypto.mlkem.MLKEMExtractor;
import org.bouncycastle.pqc.crypto.mlkem.MLKEMParameters;
import org.bouncycastle.pqc.crypto.mlkem.MLKEMPrivateKeyParameters;

/** Opens a bundle as its recipient does (exchange.md, sections 4 and 5), with the test keys of a vector file. */
final class Bundles {
    private static final byte[] SUITE = Crypto.join(Crypto.ascii("HPKE"), HexFormat.of().parseHex("647a00010002"));
    private static final byte[] XWING = HexFormat.of().parseHex("5c2e2f2f5e5c");
    private static final long DAY = 86_400_000L;

    /** A message that was opened. */
    record Opened(byte[] rawHeader, Wire.Message header, byte[] record) {}

    static List<Opened> open(byte[] data, JsonNode keys, String me, long atMs) {
        Refused.need(data.length <= 1_048_576, "a bundle is too long");
        Wire.Message bundle = Shapes.BUNDLE.read(data);
        bundle.complete("signed_head", "ciphertext", "ed25519", "mldsa65");
        byte[] signedHead = bundle.bytes("signed_head");
        Wire.Message head = Envelope.head(signedHead);
        Refused.need(head.text("recipient").equals(me), "a bundle is for another node");
        JsonNode key = named(keys, head.text("sender"), head.text("signature_key_id"), "signing");
        long sealed = head.count("sealed_at_ms");
        long end = key.get("not_after_ms").asLong();
        Refused.need(key.get("not_before_ms").asLong() <= sealed && sealed < end, "a key was not in its window");
        Refused.need(sealed <= atMs + 300_000, "a bundle is of the future");
        Refused.need(atMs < end + 35 * DAY, "a bundle comes too late");
        Crypto.both(new Crypto.Pair(hex(key, "classical"), hex(key, "post_quantum")), "portability/v1/bundle", signedHead,
            bundle.bytes("ed25519"), bundle.bytes("mldsa65"));
        byte[] ciphertext = bundle.bytes("ciphertext");
        boolean same = Arrays.equals(Crypto.sha256(ciphertext), head.bytes("ciphertext_sha256"));
        Refused.need(same, "the ciphertext is not the one that was signed");
        return items(decrypt(ciphertext, named(keys, me, head.text("kem_key_id"), "encryption"), head), head);
    }

    private static List<Opened> items(byte[] plaintext, Wire.Message head) {
        List<byte[]> items = Shapes.ITEMS.read(plaintext).blobs("items");
        List<byte[]> leaves = new ArrayList<>();
        items.forEach(one -> leaves.add(Tree.leaf(Shapes.ITEM.read(one).bytes("header"))));
        Refused.need(items.size() == head.number("item_count"), "another number of items was signed");
        Refused.need(Arrays.equals(Tree.root(leaves), head.bytes("merkle_root")), "other headers were signed");
        List<Opened> opened = new ArrayList<>();
        for (byte[] one : items) {
            Wire.Message item = Shapes.ITEM.read(one);
            Wire.Message payload = Shapes.PAYLOAD.read(item.bytes("payload"));
            Wire.Message header = Envelope.header(item.bytes("header"), head);
            Envelope.committed(header, payload.bytes("salt"), payload.bytes("record"));
            opened.add(new Opened(item.bytes("header"), header, payload.bytes("record")));
        }
        return opened;
    }

    // --- HPKE base mode (RFC 9180) over X-Wing ------------------------------------------------------------------

    private static byte[] decrypt(byte[] data, JsonNode key, Wire.Message head) {
        Refused.need(data.length >= 1120 + 16, "a ciphertext is too short");
        byte[] info = Crypto.prefixed(Crypto.ascii("portability/v1/kem"), Crypto.int32(head.number("suite")),
            Crypto.ascii(head.text("sender")), Crypto.ascii(head.text("recipient")), head.bytes("bundle_id"),
            Crypto.ascii(head.text("kem_key_id")));
        byte[] shared = decapsulate(data, key);
        byte[] context = Crypto.join(new byte[] {0}, extract(new byte[0], "psk_id_hash", new byte[0]),
            extract(new byte[0], "info_hash", info));
        byte[] secret = extract(shared, "secret", new byte[0]);
        try {
            Cipher aead = Cipher.getInstance("AES/GCM/NoPadding");
            aead.init(Cipher.DECRYPT_MODE, new SecretKeySpec(expand(secret, "key", context, 32), "AES"),
                new GCMParameterSpec(128, expand(secret, "base_nonce", context, 12)));
            return aead.doFinal(data, 1120, data.length - 1120);
        } catch (java.security.GeneralSecurityException wrong) {
            throw new Refused("a ciphertext does not open");
        }
    }

    private static byte[] decapsulate(byte[] data, JsonNode key) {
        byte[] seed = hex(key, "post_quantum_seed");
        MLKEMPrivateKeyParameters hybrid = new MLKEMPrivateKeyParameters(MLKEMParameters.ml_kem_768, seed);
        byte[] first = new MLKEMExtractor(hybrid).extractSecret(Arrays.copyOf(data, 1088));
        byte[] point = Arrays.copyOfRange(data, 1088, 1120);
        byte[] second = new byte[32];
        Refused.need(X25519.calculateAgreement(hex(key, "classical_seed"), 0, point, 0, second, 0), "a point of no use");
        byte[] joined = Crypto.join(first, second, point, hex(key, "classical"), XWING);
        SHA3Digest digest = new SHA3Digest(256);
        digest.update(joined, 0, joined.length);
        byte[] shared = new byte[32];
        digest.doFinal(shared, 0);
        return shared;
    }

    private static byte[] extract(byte[] salt, String label, byte[] material) {
        return hmac(salt.length == 0 ? new byte[32] : salt,
            Crypto.join(Crypto.ascii("HPKE-v1"), SUITE, Crypto.ascii(label), material));
    }

    private static byte[] expand(byte[] secret, String label, byte[] info, int length) {
        byte[] wanted = new byte[] {0, (byte) length};
        byte[] labeled = Crypto.join(wanted, Crypto.ascii("HPKE-v1"), SUITE, Crypto.ascii(label), info, new byte[] {1});
        return Arrays.copyOf(hmac(secret, labeled), length);
    }

    private static byte[] hmac(byte[] key, byte[] data) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(data);
        } catch (java.security.GeneralSecurityException missing) {
            throw new IllegalStateException(missing);
        }
    }

    private static JsonNode named(JsonNode keys, String institution, String id, String purpose) {
        JsonNode key = keys.get(institution + " " + id);
        Refused.need(key != null && key.get("purpose").asText().equals(purpose), "a key is not in the directory");
        return key;
    }

    private static byte[] hex(JsonNode key, String name) {
        return HexFormat.of().parseHex(key.get(name).asText());
    }

    private Bundles() {}
}
