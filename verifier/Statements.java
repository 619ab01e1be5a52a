import com.fasterxml.jackson.databind.JsonNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Checks 1 to 4 of statements.md, section 3, with the officials of a vector file. */
final class Statements {

    static Wire.Message verify(byte[] data, JsonNode officials) {
        Wire.Message signed = Shapes.SIGNED_STATEMENT.read(data);
        byte[] raw = signed.bytes("statement");
        Wire.Message statement = sound(Shapes.STATEMENT.read(raw));
        List<byte[]> signatures = signed.blobs("signatures");
        Refused.need(signatures.size() >= 2 && signatures.size() <= 8, "a statement has 2 to 8 signatures");
        Set<String> seen = new HashSet<>();
        long last = 0;
        for (byte[] one : signatures) {
            last = Math.max(last, signature(Shapes.STATEMENT_SIGNATURE.read(one), raw, statement.text("party"), officials, seen));
        }
        LocalDate signedOn = Instant.ofEpochMilli(last).atZone(ZoneOffset.UTC).toLocalDate();
        Refused.need(!day(statement).isBefore(signedOn), "a statement binds backwards");
        return statement;
    }

    static LocalDate day(Wire.Message statement) {
        Wire.Message day = Shapes.DATE.read(statement.bytes("first_day"));
        try {
            return LocalDate.of((int) day.number("year"), (int) day.number("month"), (int) day.number("day"));
        } catch (DateTimeException none) {
            throw new Refused("the first day is no day");
        }
    }

    private static Wire.Message sound(Wire.Message statement) {
        long kind = statement.number("kind");
        List<String> towards = statement.texts("towards");
        Refused.need(kind == 1 || (kind == 2), "a statement is of no known kind");
        Refused.need(kind == 2 || towards.isEmpty(), "a ratification names states");
        Refused.need(towards.equals(List.copyOf(new TreeSet<>(towards))), "states are out of order, or twice");
        Refused.need(statement.text("party").matches("[A-Z]{2}"), "the party is no state");
        Refused.need(towards.stream().allMatch(one -> one.matches("[A-Z]{2}")), "a statement is towards no state");
        statement.complete("agreement_id", "first_day");
        statement.bytes("sha256", 32);
        statement.bytes("incorporated_sha256", statement.has("incorporated_sha256") ? 32 : 0);
        return statement;
    }

    /** When it was signed. `seen`: what no two officials share. */
    private static long signature(Wire.Message one, byte[] statement, String party, JsonNode officials, Set<String> seen) {
        long at = one.count("signed_at_ms");
        JsonNode key = officials.get(party + " " + one.text("signer_id") + " " + one.text("key_id"));
        Refused.need(key != null, "no official of this state has signed");
        boolean others = seen.add("id " + one.text("signer_id"));
        for (String shared : List.of("name", "classical", "post_quantum")) {
            others &= seen.add(shared + " " + key.get(shared).asText());
        }
        Refused.need(others, "one official has signed twice, or two share a name or a key");
        Refused.need(key.get("not_before_ms").asLong() <= at && at < key.get("not_after_ms").asLong(), "a key was not in its window");
        byte[] covered = Crypto.prefixed(statement, Crypto.ascii(one.text("signer_id")), Crypto.ascii(one.text("key_id")),
            Crypto.int64(at));
        Crypto.Pair pair = new Crypto.Pair(HexFormat.of().parseHex(key.get("classical").asText()),
            HexFormat.of().parseHex(key.get("post_quantum").asText()));
        Crypto.both(pair, "portability/v1/statement", covered, one.bytes("ed25519"), one.bytes("mldsa65"));
        return at;
    }

    private Statements() {}
}
