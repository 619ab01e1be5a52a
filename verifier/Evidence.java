import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;

/** A file of evidence, verified (evidence.md, section 2), and what it proves. */
final class Evidence {
    private static final byte[] FIRST_LINE = Crypto.ascii("portability evidence v1\n");
    private static final String[] STATUS = {"", "delivered", "opened", "failed"};
    private static final String[] MADE_OF_IT = {"", "accepted", "accepted_blind", "rejected", "parked", "held"};

    /** One message of the file. */
    private record Message(Wire.Message head, Wire.Message bundle, Wire.Message header, byte[] leaf, Wire.Message proof) {
        boolean isReceipt() {
            return header.text("type").equals("receipt");
        }

        boolean isReport() {
            return header.text("type").equals("exchange.status");
        }

        boolean isOfCase() {
            return !isReceipt() && !isReport();
        }
    }

    /** What a receipt says of a message. */
    private record Word(Message receipt, Wire.Message entry, Message about) {}

    private final Wire.Message file;
    private final String institution;
    private final Trust trust;
    private final Checkpoint checkpoint;
    private final boolean anchored;
    private final List<Message> messages = new ArrayList<>();
    private final List<Word> words = new ArrayList<>();
    private final List<Word> statuses = new ArrayList<>();

    /** All checks in the order of the document. `anchor`: the serialised root that was given by hand, or null. */
    Evidence(byte[] data, byte[] anchor) {
        file = form(data);
        institution = Envelope.institution(file.text("institution"));
        anchored = anchor != null;
        trust = new Trust(file.bytes("directory"), anchor);
        checkpoint = new Checkpoint(file.bytes("checkpoint"), institution, trust);
        readBundles();
        messages.stream().filter(Message::isReceipt).forEach(this::readReceipt);
        messages.stream().filter(Message::isReport).forEach(this::readReport);
    }

    private static Wire.Message form(byte[] data) {
        Refused.need(data.length <= 268_435_456, "the file is too long");
        int start = FIRST_LINE.length + 32;
        boolean first = data.length >= start && Arrays.equals(data, 0, FIRST_LINE.length, FIRST_LINE, 0, FIRST_LINE.length);
        Refused.need(first, "this is no file of evidence");
        byte[] body = Arrays.copyOfRange(data, start, data.length);
        boolean whole = Arrays.equals(Arrays.copyOfRange(data, FIRST_LINE.length, start), Crypto.sha256(body));
        Refused.need(whole, "the file was changed or damaged after it was made");
        Wire.Message file = Shapes.EVIDENCE.read(body);
        file.bytes("case_id", 16);
        file.complete("directory", "checkpoint");
        return file;
    }

    // --- bundles and messages -----------------------------------------------------------------------------------

    private void readBundles() {
        long before = -1;
        for (byte[] one : file.blobs("bundles")) {
            Wire.Message bundle = Shapes.BUNDLE_PROOF.read(one);
            Refused.need(bundle.count("position") > before, "bundles are not in order, each once");
            before = bundle.count("position");
            readBundle(bundle);
        }
        Refused.need(before >= 0, "the file has no bundle");
    }

    private void readBundle(Wire.Message bundle) {
        byte[] signedHead = bundle.bytes("signed_head");
        Wire.Message head = Envelope.head(signedHead);
        boolean sent = head.text("sender").equals(institution);
        Refused.need(sent || head.text("recipient").equals(institution), "a bundle has nothing to do with " + institution);
        Trust.Key key = trust.key(head.text("sender"), head.text("signature_key_id"), Trust.SIGNING);
        Refused.need(key != null, "a signing key is not in the directory");
        Refused.need(key.holds(head.count("sealed_at_ms")), "a signing key was not in its window");
        boolean counts = !key.revoked() || (sent && bundle.count("position") < key.revokedFrom());
        Refused.need(counts, "a signing key is revoked");
        Crypto.both(key.pair(), "portability/v1/bundle", signedHead, bundle.bytes("ed25519"), bundle.bytes("mldsa65"));
        byte[] entry = logEntry(sent ? "bundle.sent" : "bundle.received", bundle.count("logged_at_ms"), Crypto.sha256(signedHead));
        Tree.included(Tree.leaf(entry), bundle.count("position"), checkpoint.size, bundle.blobs("log_path"), checkpoint.root,
            "an entry of the log");
        long before = -1;
        for (byte[] one : bundle.blobs("messages")) {
            Wire.Message proof = Shapes.MESSAGE_PROOF.read(one);
            Refused.need(proof.number("item") > before, "messages are not in order, each once");
            before = proof.number("item");
            messages.add(readMessage(head, bundle, proof));
        }
        Refused.need(before >= 0, "a bundle has no message");
    }

    static byte[] logEntry(String kind, long atMs, byte[] digest) {
        Refused.need(atMs > 0, "an entry of the log has no time");
        return Crypto.prefixed(Crypto.ascii("portability/v1/log-entry"), Crypto.ascii(kind), Crypto.int64(atMs), digest);
    }

    private Message readMessage(Wire.Message head, Wire.Message bundle, Wire.Message proof) {
        byte[] raw = proof.bytes("header");
        Wire.Message header = Envelope.header(raw, head);
        Tree.included(Tree.leaf(raw), proof.number("item"), head.number("item_count"), proof.blobs("audit_path"),
            head.bytes("merkle_root"), "a message");
        Message message = new Message(head, bundle, header, Tree.leaf(raw), proof);
        Refused.need(proof.has("salt") || !proof.has("record"), "a record comes without its salt");
        boolean wordOfNoCase = !message.isOfCase() && !Envelope.isCase(header.bytes("case_id")) && proof.has("salt");
        boolean ofCase = message.isOfCase() && Arrays.equals(header.bytes("case_id"), file.bytes("case_id"));
        Refused.need(wordOfNoCase || ofCase, "a message is of another case, or a receipt or report without its record");
        if (proof.has("salt")) {
            Envelope.committed(header, proof.bytes("salt"), proof.bytes("record"));
        }
        return message;
    }

    private void readReceipt(Message receipt) {
        int before = words.size();
        for (byte[] one : Envelope.receipt(receipt.proof.bytes("record")).blobs("entries")) {
            Wire.Message entry = Shapes.RECEIPT_ENTRY.read(one);
            messages.stream().filter(about -> answers(receipt, entry, about)).forEach(about -> words.add(new Word(receipt, entry, about)));
        }
        Refused.need(words.size() > before, "a receipt is about no message of this file");
    }

    private void readReport(Message report) {
        int before = statuses.size();
        for (byte[] one : Envelope.report(report.proof.bytes("record")).blobs("entries")) {
            Wire.Message entry = Shapes.REPORT_ENTRY.read(one);
            messages.stream().filter(about -> reports(report, entry, about)).forEach(about -> statuses.add(new Word(report, entry, about)));
        }
        Refused.need(statuses.size() > before, "a report is about no message of this file");
    }

    private static boolean reports(Message report, Wire.Message entry, Message about) {
        boolean inCase = entry.has("case_id");
        long number = about.header.count(inCase ? "case_seq" : "stream_seq");
        return about.isOfCase()
            && (!inCase || Arrays.equals(entry.bytes("case_id"), about.header.bytes("case_id")))
            && number >= entry.count("first_seq") && number <= entry.count("last_seq")
            && about.head.text("recipient").equals(report.head.text("sender"))
            && about.head.text("sender").equals(report.head.text("recipient"));
    }

    private static boolean answers(Message receipt, Wire.Message entry, Message about) {
        return about.isOfCase()
            && Arrays.equals(entry.bytes("message_id"), about.header.bytes("message_id"))
            && Arrays.equals(entry.bytes("leaf_hash"), about.leaf)
            && about.head.text("recipient").equals(receipt.head.text("sender"))
            && about.head.text("sender").equals(receipt.head.text("recipient"));
    }

    // --- what it proves, in words -------------------------------------------------------------------------------

    List<String> sentences() {
        List<String> told = new ArrayList<>();
        String known = anchored ? "which you have given" : "which you compare with the keepers of the directory";
        told.add("Directory " + trust.version + " of " + at(trust.issuedAt).substring(0, 10)
            + " grows from the root with the fingerprint " + hex(trust.fingerprint) + ", " + known + ".");
        String signed = " on " + at(checkpoint.signedAt * 1000) + ", as it has signed.";
        told.add("The log of " + institution + " held " + checkpoint.size + " entries" + signed);
        checkpoint.witnesses.forEach((name, time) ->
            told.add(name + " saw the same log, grown without a change, on " + at(time * 1000) + ", as it has signed."));
        if (checkpoint.witnesses.isEmpty()) {
            told.add("No witness has cosigned this: that the log has no second history is the word of " + institution + " alone.");
        }
        messages.stream().filter(Message::isOfCase).forEach(one -> tell(one, told));
        return told;
    }

    private void tell(Message one, List<String> told) {
        Wire.Message header = one.header;
        String law = !header.has("agreement_id") ? ""
            : " under " + header.text("agreement_id") + " (file " + hex(header.bytes("agreement_sha256")) + ")";
        String answer = header.has("in_reply_to") ? " in answer to " + uuid(header.bytes("in_reply_to")) : "";
        told.add(header.text("sender") + " sent " + header.text("recipient") + " message " + uuid(header.bytes("message_id"))
            + " (" + header.text("type") + ")" + answer + law + " on " + at(header.count("sent_at_ms")) + " and signed it on "
            + at(one.head.count("sealed_at_ms")) + ", going by directory " + one.head.count("directory_version") + ".");
        told.add("  It stands in the log of this file at position " + one.bundle.count("position") + ", entered on "
            + at(one.bundle.count("logged_at_ms")) + ".");
        if (one.proof.has("salt")) {
            byte[] record = one.proof.bytes("record");
            told.add("  Its record is in this file: " + record.length + " bytes, SHA-256 " + hex(Crypto.sha256(record)) + ".");
        }
        List<Word> about = words.stream().filter(word -> word.about == one).toList();
        for (Word word : about) {
            String reason = word.entry.has("reason") ? " (" + word.entry.text("reason") + ")" : "";
            told.add("  " + word.receipt.head.text("sender") + " signed on " + at(word.receipt.head.count("sealed_at_ms"))
                + " that it was " + STATUS[(int) word.entry.number("status")] + reason + ".");
        }
        if (about.isEmpty()) {
            told.add("  No receipt of it is in this file.");
        }
        for (Word word : statuses.stream().filter(word -> word.about == one).toList()) {
            String reasons = String.join("; ", word.entry.texts("reasons"));
            told.add("  " + word.receipt.head.text("sender") + " signed on " + at(word.receipt.head.count("sealed_at_ms"))
                + " that it is " + MADE_OF_IT[(int) word.entry.number("status")] + " since "
                + at(word.entry.count("decided_at_ms")) + (reasons.isEmpty() ? "" : ": " + reasons) + (reasons.endsWith(".") ? "" : "."));
        }
    }

    private static String at(long ms) {
        Refused.need(ms > 0 && ms < 253_402_300_800_000L, "an instant lies beyond the year 9999");
        return DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'").withZone(ZoneOffset.UTC).format(Instant.ofEpochMilli(ms));
    }

    private static String hex(byte[] value) {
        return HexFormat.of().formatHex(value);
    }

    private static UUID uuid(byte[] value) {
        ByteBuffer both = ByteBuffer.wrap(value);
        return new UUID(both.getLong(), both.getLong());
    }
}
