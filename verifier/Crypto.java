import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.bouncycastle.crypto.CipherParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.params.ParametersWithContext;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.bouncycastle.pqc.crypto.mldsa.MLDSAParameters;
import org.bouncycastle.pqc.crypto.mldsa.MLDSAPublicKeyParameters;
import org.bouncycastle.pqc.crypto.mldsa.MLDSASigner;

/** Bytes, hashes and signatures. */
final class Crypto {

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] sha256(byte[]... parts) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(join(parts));
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException(missing);
        }
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    static byte[] int32(long value) {
        return ByteBuffer.allocate(4).putInt((int) value).array();
    }

    static byte[] int64(long value) {
        return ByteBuffer.allocate(8).putLong(value).array();
    }

    /** LP(a, b, ...) of exchange.md, section 2. */
    static byte[] prefixed(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(int32(part.length));
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    static boolean ed25519(byte[] key, byte[] signed, byte[] signature) {
        if (key.length != 32 || signature.length != 64) {
            return false;
        }
        try {
            Ed25519Signer signer = new Ed25519Signer();
            signer.init(false, new Ed25519PublicKeyParameters(key));
            signer.update(signed, 0, signed.length);
            return signer.verifySignature(signature);
        } catch (IllegalArgumentException noPoint) {
            return false;
        }
    }

    static boolean mldsa(MLDSAParameters parameters, byte[] key, byte[] signed, byte[] context, byte[] signature) {
        if (key.length != (parameters == MLDSAParameters.ml_dsa_65 ? 1952 : 1312)) {
            return false;
        }
        MLDSASigner signer = new MLDSASigner();
        CipherParameters ofKey = new MLDSAPublicKeyParameters(parameters, key);
        signer.init(false, new ParametersWithContext(ofKey, context));
        signer.update(signed, 0, signed.length);
        return signer.verifySignature(signature);
    }

    /** Both signatures over LP(context, parts...), ML-DSA-65 with the same context; else Refused. */
    static void both(Pair key, String context, byte[] signed, byte[] ed25519, byte[] mldsa65) {
        byte[] covered = prefixed(ascii(context), signed);
        Refused.need(ed25519(key.ed25519(), covered, ed25519), "an Ed25519 signature does not stand");
        boolean stands = mldsa(MLDSAParameters.ml_dsa_65, key.mldsa(), covered, ascii(context), mldsa65);
        Refused.need(stands, "an ML-DSA-65 signature does not stand");
    }

    /** The public halves of a hybrid key. */
    record Pair(byte[] ed25519, byte[] mldsa) {}

    private Crypto() {}
}
