import java.util.List;

/** Signed heads and headers: complete, and of the right lengths (exchange.md, sections 2, 3 and 5). */
final class Envelope {

    static String institution(String id) {
        Refused.need(id.matches("[a-z]{2}-[a-z0-9-]{1,40}"), "'" + id + "' is no institution");
        return id;
    }

    static Wire.Message head(byte[] data) {
        Wire.Message head = Shapes.HEAD.read(data);
        Refused.need(head.number("suite") == 1, "the suite is not known");
        head.complete("signature_key_id", "kem_key_id", "directory_version", "sealed_at_ms");
        head.bytes("bundle_id", 16);
        head.bytes("merkle_root", 32);
        head.bytes("ciphertext_sha256", 32);
        Refused.need(head.number("item_count") >= 1 && head.number("item_count") <= 256, "a bundle has 1 to 256 items");
        String sender = institution(head.text("sender"));
        Refused.need(!sender.equals(institution(head.text("recipient"))), "a bundle goes to its sender");
        return head;
    }

    /** Of a message in a bundle with this head. */
    static Wire.Message header(byte[] data, Wire.Message head) {
        Refused.need(data.length <= 4096, "a header has more than 4096 bytes");
        Wire.Message header = Shapes.HEADER.read(data);
        header.complete("type", "schema_version", "stream_seq", "sent_at_ms");
        for (String numbered : List.of("stream_seq", "case_seq")) {
            Refused.need(header.count(numbered) < 1L << 53, numbered + " is not below 2^53");
        }
        for (String party : List.of("sender", "recipient")) {
            Refused.need(header.text(party).equals(head.text(party)), "a header names other parties than its bundle");
        }
        Refused.need(characters(header.text("type")) <= 64, "a type is too long");
        Refused.need(characters(header.text("agreement_id")) <= 64, "an agreement id is too long");
        header.bytes("message_id", 16);
        header.bytes("payload_commitment", 32);
        Refused.need(header.number("record_length") <= 262_144, "a record is too long");
        Refused.need(isCase(header.bytes("case_id", 16)) == header.has("case_seq"), "only messages of a case are numbered in it");
        for (String id : List.of("in_reply_to", "replaces")) {
            header.bytes(id, header.has(id) ? 16 : 0);
        }
        header.bytes("agreement_sha256", header.has("agreement_id") ? 32 : 0);
        Refused.need(header.has("purpose") == header.has("legal_basis"), "half a purpose is named");
        Refused.need(characters(header.text("purpose")) <= 64, "a purpose is too long");
        Refused.need(characters(header.text("legal_basis")) <= 200, "a legal basis is too long");
        return header;
    }

    /** The record and its salt are those that the header commits to. */
    static void committed(Wire.Message header, byte[] salt, byte[] record) {
        Refused.need(salt.length == 32, "a salt has not 32 bytes");
        Refused.need(record.length == header.number("record_length"), "a record has another length");
        byte[] commitment = Crypto.sha256(Crypto.prefixed(Crypto.ascii("portability/v1/commit"), salt, record));
        boolean same = java.util.Arrays.equals(commitment, header.bytes("payload_commitment"));
        Refused.need(same, "a record is not the one that its header commits to");
    }

    /** Read and check the record of a message of type "receipt". */
    static Wire.Message receipt(byte[] record) {
        Wire.Message receipt = Shapes.RECEIPT.read(record);
        receipt.bytes("bundle_id", 16);
        receipt.bytes("merkle_root", 32);
        List<byte[]> entries = receipt.blobs("entries");
        Refused.need(!entries.isEmpty() && entries.size() <= 256, "a receipt has 1 to 256 entries");
        for (byte[] one : entries) {
            Wire.Message entry = Shapes.RECEIPT_ENTRY.read(one);
            entry.bytes("message_id", 16);
            entry.bytes("leaf_hash", 32);
            Refused.need(entry.number("status") >= 1 && entry.number("status") <= 3, "a receipt says nothing known");
        }
        return receipt;
    }

    /** Read and check the record of a message of type "exchange.status". */
    static Wire.Message report(byte[] record) {
        Wire.Message report = Shapes.REPORT.read(record);
        List<byte[]> entries = report.blobs("entries");
        Refused.need(!entries.isEmpty() && entries.size() <= 1024, "a report has 1 to 1024 entries");
        byte[] ofCase = Shapes.REPORT_ENTRY.read(entries.get(0)).bytes("case_id");
        for (byte[] one : entries) {
            Wire.Message entry = Shapes.REPORT_ENTRY.read(one);
            boolean inCase = entry.has("case_id");
            Refused.need(java.util.Arrays.equals(entry.bytes("case_id"), ofCase), "a report of one case tells of something else");
            Refused.need(!inCase || isCase(entry.bytes("case_id", 16)), "a report tells of numbers in no case");
            Refused.need(!inCase || entry.number("status") == 3, "numbers of a case can only be rejected");
            long first = entry.count("first_seq");
            long last = entry.count("last_seq");
            Refused.need(first >= 1 && first <= last && (inCase || last < first + 4096) && last < 1L << 53, "a report has a wrong range");
            Refused.need(entry.number("status") >= 1 && entry.number("status") <= 5, "a report says nothing known");
            Refused.need(entry.count("decided_at_ms") > 0 && entry.count("decided_at_ms") < 253_402_300_800_000L, "a report has no instant");
            Refused.need(entry.texts("reasons").size() <= 8, "a report has too many reasons");
            for (String reason : entry.texts("reasons")) {
                Refused.need(characters(reason) >= 1 && characters(reason) <= 500, "a reason has 1 to 500 characters");
            }
        }
        return report;
    }

    static boolean isCase(byte[] caseId) {
        return !java.util.Arrays.equals(caseId, new byte[16]);
    }

    private static int characters(String text) {
        return text.codePointCount(0, text.length());
    }

    private Envelope() {}
}
