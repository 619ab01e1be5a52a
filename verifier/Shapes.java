/** The messages of protos/portability/api that a verifier reads: their fields in order, from 1. */
final class Shapes {
    static final Wire.Shape BUNDLE = new Wire.Shape("signed_head:BYTES ciphertext:BYTES ed25519:BYTES mldsa65:BYTES");
    static final Wire.Shape HEAD = new Wire.Shape(
        "suite:SMALL bundle_id:BYTES sender:TEXT recipient:TEXT signature_key_id:TEXT kem_key_id:TEXT"
            + " directory_version:NUMBER item_count:SMALL merkle_root:BYTES ciphertext_sha256:BYTES sealed_at_ms:NUMBER");
    static final Wire.Shape ITEMS = new Wire.Shape("items:BLOBS");
    static final Wire.Shape ITEM = new Wire.Shape("header:BYTES payload:PART");
    static final Wire.Shape PAYLOAD = new Wire.Shape("salt:BYTES record:BYTES");
    static final Wire.Shape HEADER = new Wire.Shape(
        "message_id:BYTES sender:TEXT recipient:TEXT case_id:BYTES type:TEXT schema_version:SMALL stream_seq:NUMBER"
            + " sent_at_ms:NUMBER payload_commitment:BYTES record_length:SMALL agreement_id:TEXT agreement_sha256:BYTES"
            + " in_reply_to:BYTES case_seq:NUMBER replaces:BYTES purpose:TEXT legal_basis:TEXT");
    static final Wire.Shape RECEIPT = new Wire.Shape("bundle_id:BYTES merkle_root:BYTES entries:BLOBS");
    static final Wire.Shape RECEIPT_ENTRY = new Wire.Shape("message_id:BYTES leaf_hash:BYTES status:SMALL reason:TEXT");

    static final Wire.Shape REPORT = new Wire.Shape("entries:BLOBS");
    static final Wire.Shape REPORT_ENTRY = new Wire.Shape(
        "first_seq:NUMBER last_seq:NUMBER status:SMALL reasons:TEXTS decided_at_ms:NUMBER case_id:BYTES");

    static final Wire.Shape CHAIN = new Wire.Shape("roots:BLOBS directory:PART freshness:PART");
    static final Wire.Shape SIGNED = new Wire.Shape("content:BYTES signatures:BLOBS");
    static final Wire.Shape ROLE_PAIR = new Wire.Shape("key_id:TEXT ed25519:BYTES mldsa65:BYTES");
    static final Wire.Shape ROOT = new Wire.Shape(
        "version:NUMBER issued_at_ms:NUMBER expires_at_ms:NUMBER root_role:PART directory_role:PART freshness_role:PART");
    static final Wire.Shape ROLE = new Wire.Shape("threshold:SMALL keys:BLOBS");
    static final Wire.Shape FRESHNESS = new Wire.Shape(
        "directory_version:NUMBER directory_sha256:BYTES issued_at_ms:NUMBER expires_at_ms:NUMBER");
    static final Wire.Shape DIRECTORY = new Wire.Shape(
        "version:NUMBER issued_at_ms:NUMBER expires_at_ms:NUMBER institutions:BLOBS agreements:BLOBS authorities:BLOBS");
    static final Wire.Shape INSTITUTION = new Wire.Shape(
        "institution_id:TEXT name:TEXT country:TEXT competences:BLOBS keys:BLOBS");
    static final Wire.Shape COMPETENCE = new Wire.Shape("branch:TEXT first_day:PART last_day:PART");
    static final Wire.Shape DATE = new Wire.Shape("year:SMALL month:SMALL day:SMALL");
    static final Wire.Shape KEY = new Wire.Shape(
        "key_id:TEXT purpose:SMALL not_before_ms:NUMBER not_after_ms:NUMBER classical:BYTES post_quantum:BYTES"
            + " revoked:FLAG revoked_from_log_size:NUMBER");
    static final Wire.Shape AGREEMENT = new Wire.Shape("agreement_id:TEXT sha256:BYTES parties:TEXTS listed_at_ms:NUMBER");
    static final Wire.Shape AUTHORITY = new Wire.Shape("state:TEXT name:TEXT signers:BLOBS");
    static final Wire.Shape SIGNER = new Wire.Shape("signer_id:TEXT name:TEXT keys:BLOBS");

    static final Wire.Shape STATEMENT = new Wire.Shape(
        "kind:SMALL party:TEXT agreement_id:TEXT sha256:BYTES incorporated_sha256:BYTES first_day:PART towards:TEXTS");
    static final Wire.Shape STATEMENT_SIGNATURE = new Wire.Shape(
        "signer_id:TEXT key_id:TEXT signed_at_ms:NUMBER ed25519:BYTES mldsa65:BYTES");
    static final Wire.Shape SIGNED_STATEMENT = new Wire.Shape("statement:BYTES signatures:BLOBS");

    static final Wire.Shape EVIDENCE = new Wire.Shape(
        "institution:TEXT case_id:BYTES directory:BYTES checkpoint:BYTES bundles:BLOBS");
    static final Wire.Shape BUNDLE_PROOF = new Wire.Shape(
        "signed_head:BYTES ed25519:BYTES mldsa65:BYTES position:NUMBER logged_at_ms:NUMBER log_path:BLOBS messages:BLOBS");
    static final Wire.Shape MESSAGE_PROOF = new Wire.Shape(
        "item:SMALL header:BYTES audit_path:BLOBS salt:BYTES record:BYTES");

    private Shapes() {}
}
