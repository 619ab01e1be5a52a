import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Every file of docs/spec/vectors is as it says, and what it says must be refused is. */
final class Vectors {

    static void check(Path folder) throws IOException {
        List<Path> files;
        try (var found = Files.list(folder)) {
            files = found.filter(one -> one.toString().endsWith(".json")).sorted().toList();
        }
        Refused.need(!files.isEmpty(), "no vectors in " + folder);
        for (Path path : files) {
            JsonNode file = new ObjectMapper().readTree(Files.readAllBytes(path));
            String name = path.getFileName().toString();
            try {
                System.out.println("ok      " + name + ": " + checked(name, file));
            } catch (Refused refused) {
                throw new Refused(name + ": " + refused.getMessage());
            }
        }
    }

    private static String checked(String name, JsonNode file) {
        return switch (name) {
            case "merkle.json" -> merkle(file);
            case "bundle.json" -> bundle(file).size() + " messages";
            case "receipt.json" -> receipt(file);
            case "refused.json" -> refused(file);
            case "directory.json" -> directory(file);
            case "statements.json" -> statements(file);
            case "log.json" -> log(file);
            case "evidence.json" -> evidence(file);
            default -> throw new Refused("this verifier does not know this file");
        };
    }

    private static String merkle(JsonNode file) {
        List<byte[]> leaves = hashes(file.get("entries")).stream().map(Tree::leaf).toList();
        for (int size = 0; size <= leaves.size(); size++) {
            same(Tree.root(leaves.subList(0, size)), file.get("roots").get(size), "root of " + size);
        }
        return leaves.size() + 1 + " roots";
    }

    private static List<Bundles.Opened> bundle(JsonNode file) {
        List<Bundles.Opened> opened = opened(hex(file.get("bundle")), file, file);
        Refused.need(opened.size() == file.get("messages").size(), "another number of messages");
        for (int place = 0; place < opened.size(); place++) {
            Bundles.Opened one = opened.get(place);
            file.get("messages").get(place).properties().forEach(said -> {
                switch (said.getKey()) {
                    case "leaf_hash" -> same(Tree.leaf(one.rawHeader()), said.getValue(), "leaf");
                    case "record" -> same(one.record(), said.getValue(), "record");
                    default -> field(one.header(), said.getKey(), said.getValue());
                }
            });
        }
        return opened;
    }

    /** Numbers, texts, or bytes in hexadecimal. */
    private static void field(Wire.Message message, String name, JsonNode said) {
        if (said.isNumber()) {
            Refused.need(message.number(name) == said.asLong(), name);
        } else if (name.endsWith("_id") && !name.equals("agreement_id") || name.endsWith("sha256")) {
            same(message.bytes(name), said, name);
        } else {
            Refused.need(message.text(name).equals(said.asText()), name);
        }
    }

    private static String receipt(JsonNode file) {
        Wire.Message receipt = Envelope.receipt(bundle(file).get(0).record());
        JsonNode said = file.get("receipt");
        same(receipt.bytes("bundle_id"), said.get("bundle_id"), "bundle id");
        same(receipt.bytes("merkle_root"), said.get("merkle_root"), "root");
        List<byte[]> entries = receipt.blobs("entries");
        Refused.need(entries.size() == said.get("entries").size(), "another number of entries");
        for (int place = 0; place < entries.size(); place++) {
            Wire.Message entry = Shapes.RECEIPT_ENTRY.read(entries.get(place));
            JsonNode row = said.get("entries").get(place);
            same(entry.bytes("message_id"), row.get(0), "message");
            same(entry.bytes("leaf_hash"), row.get(1), "leaf");
            boolean rest = entry.number("status") == row.get(2).asLong() && entry.text("reason").equals(row.get(3).asText());
            Refused.need(rest, "status and reason");
        }
        return entries.size() + " entries";
    }

    private static String refused(JsonNode file) {
        opened(hex(file.get("bundle")), file, file);
        for (JsonNode one : file.get("cases")) {
            byte[] data = hex(one.has("bundle") ? one.get("bundle") : file.get("bundle"));
            if (one.has("xor_at")) {
                data[one.get("xor_at").asInt()] ^= (byte) one.get("xor").asInt();
            }
            data = Arrays.copyOf(data, one.has("cut_to") ? one.get("cut_to").asInt() : data.length);
            byte[] changed = one.has("append") ? Crypto.join(data, hex(one.get("append"))) : data;
            mustRefuse(() -> opened(changed, file, one), one.get("name").asText());
        }
        return file.get("cases").size() + " refused";
    }

    private static List<Bundles.Opened> opened(byte[] data, JsonNode file, JsonNode one) {
        String me = (one.has("recipient") ? one : file).get("recipient").asText();
        return Bundles.open(data, file.get("keys"), me, (one.has("at_ms") ? one : file).get("at_ms").asLong());
    }

    private static String directory(JsonNode file) {
        byte[] anchor = hex(file.get("anchor"));
        Trust trust = new Trust(hex(file.get("chain")), anchor);
        boolean versions = trust.version == file.get("version").asLong() && trust.rootVersion == file.get("root_version").asLong();
        Refused.need(versions, "versions of root and directory");
        Refused.need(file.get("at_ms").asLong() < trust.earliestEnd, "it has expired");
        file.get("refused").forEach(one -> mustRefuse(() -> new Trust(hex(one.get("chain")), anchor), one.get("name").asText()));
        return "version " + trust.version + ", " + file.get("refused").size() + " refused";
    }

    private static String statements(JsonNode file) {
        for (JsonNode one : file.get("taken")) {
            byte[] data = hex(one.get("signed"));
            Wire.Message statement = Statements.verify(data, file.get("officials"));
            for (String name : List.of("kind", "party", "agreement_id", "sha256", "incorporated_sha256")) {
                field(statement, name, one.get(name));
            }
            Refused.need(Statements.day(statement).toString().equals(one.get("first_day").asText()), "first day");
            Refused.need(statement.texts("towards").equals(texts(one.get("towards"))), "towards");
            same(Crypto.sha256(data), one.get("digest"), "digest");
        }
        JsonNode refused = file.get("refused");
        refused.forEach(one ->
            mustRefuse(() -> Statements.verify(hex(one.get("signed")), file.get("officials")), one.get("name").asText()));
        return file.get("taken").size() + " taken, " + refused.size() + " refused";
    }

    private static String log(JsonNode file) {
        List<String> kinds = List.of("bundle.sent", "bundle.received", "directory.version", "agreement.version",
            "agreement.statement", "administration", "record.look", "erasure");
        List<byte[]> leaves = new ArrayList<>();
        for (int n = 0; n < 300; n++) {
            byte[] entry = Evidence.logEntry(kinds.get(n % kinds.size()), 1_795_176_000_000L + 1000L * n, Crypto.sha256(Crypto.int32(n)));
            leaves.add(Tree.leaf(entry));
            if (n < file.get("entries").size()) {
                same(entry, file.get("entries").get(n), "entry " + n);
                same(leaves.get(n), file.get("leaves").get(n), "leaf " + n);
            }
        }
        Map<Long, byte[]> roots = new HashMap<>();
        file.get("roots").properties().forEach(one -> {
            byte[] root = Tree.root(leaves.subList(0, Integer.parseInt(one.getKey())));
            same(root, one.getValue(), "root of " + one.getKey());
            roots.put(Long.parseLong(one.getKey()), root);
        });
        same(roots.get(300L), file.get("root"), "last root");
        file.get("inclusion").forEach(one -> inclusion(one, leaves, roots));
        file.get("consistency").forEach(one -> consistency(one, roots));
        file.get("tiles").properties().forEach(one -> same(Crypto.sha256(tile(one.getKey(), leaves)), one.getValue(), one.getKey()));
        return roots.size() + " roots, " + file.get("inclusion").size() + " inclusion proofs, " + file.get("consistency").size()
            + " consistency proofs, " + file.get("tiles").size() + " tiles";
    }

    private static void inclusion(JsonNode proof, List<byte[]> leaves, Map<Long, byte[]> roots) {
        long index = proof.get("index").asLong();
        long size = proof.get("size").asLong();
        List<byte[]> path = hashes(proof.get("path"));
        Tree.included(leaves.get((int) index), index, size, path, roots.get(size), "entry " + index + " of " + size);
        mustRefuse(() -> Tree.included(new byte[32], index, size, path, roots.get(size), ""), "another leaf");
    }

    private static void consistency(JsonNode proof, Map<Long, byte[]> roots) {
        long first = proof.get("first").asLong();
        long size = proof.get("size").asLong();
        List<byte[]> path = hashes(proof.get("path"));
        Tree.consistent(first, roots.get(first), size, roots.get(size), path);
        mustRefuse(() -> Tree.consistent(first, roots.get(0L), size, roots.get(size), path), "growth from another root");
    }

    /** Hashes of a tile of C2SP tlog-tiles, of a log of fewer than 65 536 * 256 entries. */
    private static byte[] tile(String path, List<byte[]> leaves) {
        String[] parts = path.split("/");
        int width = parts.length > 3 ? Integer.parseInt(parts[3]) : 256;
        int each = (int) Math.pow(256, Integer.parseInt(parts[1]));
        int start = Integer.parseInt(parts[2].replace(".p", "")) * 256;
        List<byte[]> hashes = new ArrayList<>();
        for (int n = start; n < start + width; n++) {
            hashes.add(Tree.root(leaves.subList(n * each, (n + 1) * each)));
        }
        return Crypto.join(hashes.toArray(new byte[0][]));
    }

    private static String evidence(JsonNode file) {
        byte[] root = hex(file.get("root_bin"));
        for (JsonNode one : file.get("accepted")) {
            List<String> said = new Evidence(hex(one.get("file")), root).sentences();
            Refused.need(said.equals(texts(one.get("sentences"))), "it proves something else");
        }
        byte[] first = hex(file.get("accepted").get(0).get("file"));
        int start = "portability evidence v1\n".length() + 32;
        file.get("refused_bits").forEach(place -> {
            byte[] body = Arrays.copyOfRange(first, start, first.length);
            body[place.asInt() / 8] ^= (byte) (1 << place.asInt() % 8);
            byte[] changed = Crypto.join(Arrays.copyOf(first, start - 32), Crypto.sha256(body), body);
            mustRefuse(() -> new Evidence(changed, root), "bit " + place);
        });
        file.get("refused").forEach(one ->
            mustRefuse(() -> new Evidence(hex(one.get("file")), root), one.get("name").asText(), one.get("because").asText()));
        int refused = file.get("refused_bits").size() + file.get("refused").size();
        return file.get("accepted").size() + " accepted, " + refused + " refused";
    }

    // --- small things -------------------------------------------------------------------------------------------

    private static void mustRefuse(Runnable check, String name) {
        mustRefuse(check, name, "");
    }

    /** Refused with a reason that holds these words. */
    private static void mustRefuse(Runnable check, String name, String because) {
        boolean taken = true;
        try {
            check.run();
        } catch (Refused expected) {
            Refused.need(expected.getMessage().contains(because), "'" + name + "' was refused with: " + expected.getMessage());
            taken = false;
        }
        Refused.need(!taken, "'" + name + "' was taken");
    }

    private static void same(byte[] found, JsonNode said, String what) {
        Refused.need(HexFormat.of().formatHex(found).equals(said.asText()), what + " is another");
    }

    private static byte[] hex(JsonNode text) {
        return HexFormat.of().parseHex(text.asText());
    }

    private static List<byte[]> hashes(JsonNode list) {
        return texts(list).stream().map(HexFormat.of()::parseHex).toList();
    }

    private static List<String> texts(JsonNode list) {
        List<String> found = new ArrayList<>();
        list.forEach(one -> found.add(one.asText()));
        return found;
    }

    private Vectors() {}
}
