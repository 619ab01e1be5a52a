import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A directory that was verified with all that proves it (exchange.md, section 8). */
final class Trust {
    static final int SIGNING = 1;
    static final int ENCRYPTION = 2;
    static final int LOG = 3;
    private static final Map<Integer, Integer> POST_QUANTUM_BYTES = Map.of(SIGNING, 1952, ENCRYPTION, 1184, LOG, 1312);

    /** A key of an institution. */
    record Key(String id, int purpose, long from, long until, Crypto.Pair pair, boolean revoked, long revokedFrom) {
        boolean holds(long at) {
            return from <= at && at < until;
        }
    }

    final byte[] fingerprint;
    final long rootVersion;
    final long version;
    final long issuedAt;
    final long earliestEnd;
    private final Map<String, Map<String, Key>> institutions = new HashMap<>();
    private final Set<String> keyHalves = new HashSet<>();

    /** The chain holds from its own first root and, where it is not null, from the serialised `anchor`; else Refused. */
    Trust(byte[] data, byte[] anchor) {
        Wire.Message chain = Shapes.CHAIN.read(data);
        List<byte[]> roots = chain.blobs("roots");
        Refused.need(!roots.isEmpty() && roots.size() <= 1024, "a chain has 1 to 1024 roots");
        fingerprint = Crypto.sha256(anchored(roots, anchor));
        Wire.Message root = lastRoot(roots);
        rootVersion = root.count("version");
        Signed directory = new Signed(chain.bytes("directory"));
        directory.enough(root.bytes("directory_role"), "portability/v1/directory");
        Wire.Message content = Shapes.DIRECTORY.read(directory.content);
        content.complete("version", "issued_at_ms", "expires_at_ms");
        version = content.count("version");
        issuedAt = content.count("issued_at_ms");
        long end = Math.min(root.count("expires_at_ms"), content.count("expires_at_ms"));
        Refused.need(root.has("freshness_role") == chain.has("freshness"), "freshness where the root has the role, only");
        earliestEnd = chain.has("freshness") ? Math.min(end, fresh(chain, root, directory)) : end;
        readInstitutions(content);
        readAuthorities(content);
        readAgreements(content);
    }

    /** The named key of an institution, or null. */
    Key key(String institution, String id, int purpose) {
        Key key = institutions.getOrDefault(institution, Map.of()).get(id);
        return key == null || key.purpose != purpose ? null : key;
    }

    /** All keys of an institution for its log. */
    List<Key> logKeys(String institution) {
        return institutions.getOrDefault(institution, Map.of()).values().stream().filter(key -> key.purpose == LOG).toList();
    }

    // --- roots -------------------------------------------------------------------------------------------------

    private static byte[] anchored(List<byte[]> roots, byte[] anchor) {
        if (anchor == null) {
            return new Signed(roots.get(0)).content;
        }
        Signed given = new Signed(anchor);
        given.enough(readRoot(given.content).bytes("root_role"), "portability/v1/root");
        boolean found = roots.stream().anyMatch(one -> Arrays.equals(new Signed(one).content, given.content));
        Refused.need(found, "the root given is not in the file's chain: its directory is another's");
        return given.content;
    }

    private static Wire.Message lastRoot(List<byte[]> roots) {
        Wire.Message before = null;
        for (byte[] one : roots) {
            Signed signed = new Signed(one);
            Wire.Message root = readRoot(signed.content);
            if (before != null) {
                Refused.need(root.count("version") == before.count("version") + 1, "a root is missing");
                signed.enough(before.bytes("root_role"), "portability/v1/root");
            }
            signed.enough(root.bytes("root_role"), "portability/v1/root");
            before = root;
        }
        return before;
    }

    private static Wire.Message readRoot(byte[] content) {
        Wire.Message root = Shapes.ROOT.read(content);
        root.complete("version", "issued_at_ms", "expires_at_ms", "root_role", "directory_role");
        Set<String> halves = new HashSet<>();
        Set<String> ids = new HashSet<>();
        for (String role : List.of("root_role", "directory_role", "freshness_role")) {
            if (root.has(role)) {
                readRole(root.bytes(role)).forEach((id, pair) -> {
                    Refused.need(ids.add(id), "a key id stands twice in a root");
                    once(halves, pair);
                });
            }
        }
        return root;
    }

    private static Map<String, Crypto.Pair> readRole(byte[] data) {
        Wire.Message role = Shapes.ROLE.read(data);
        Map<String, Crypto.Pair> keys = new HashMap<>();
        for (byte[] one : role.blobs("keys")) {
            Wire.Message key = Shapes.ROLE_PAIR.read(one);
            key.complete("key_id");
            Crypto.Pair pair = new Crypto.Pair(key.bytes("ed25519", 32), key.bytes("mldsa65", 1952));
            Refused.need(keys.put(key.text("key_id"), pair) == null, "a key id stands twice in a role");
        }
        long threshold = role.number("threshold");
        Refused.need(keys.size() <= 16 && threshold >= 1 && threshold <= keys.size(), "a role has a wrong threshold");
        return keys;
    }

    private static void once(Set<String> halves, Crypto.Pair pair) {
        for (byte[] half : List.of(pair.ed25519(), pair.mldsa())) {
            Refused.need(halves.add(Arrays.toString(half)), "a key stands twice");
        }
    }

    /** A content and who signed it. */
    private static final class Signed {
        final byte[] content;
        private final List<byte[]> signatures;

        Signed(byte[] data) {
            Wire.Message signed = Shapes.SIGNED.read(data);
            signed.complete("content");
            content = signed.bytes("content");
            signatures = signed.blobs("signatures");
        }

        /** It has the threshold of the role. */
        void enough(byte[] roleData, String context) {
            Map<String, Crypto.Pair> role = readRole(roleData);
            Set<String> seen = new HashSet<>();
            int counted = 0;
            for (byte[] one : signatures) {
                Wire.Message signature = Shapes.ROLE_PAIR.read(one);
                signature.complete("key_id", "ed25519", "mldsa65");
                Refused.need(seen.add(signature.text("key_id")), "one key has signed twice");
                Crypto.Pair key = role.get(signature.text("key_id"));
                if (key != null) {
                    Crypto.both(key, context, content, signature.bytes("ed25519"), signature.bytes("mldsa65"));
                    counted++;
                }
            }
            long threshold = Shapes.ROLE.read(roleData).number("threshold");
            Refused.need(counted >= threshold, counted + " keys of a role have signed, not " + threshold);
        }
    }

    private long fresh(Wire.Message chain, Wire.Message root, Signed directory) {
        Signed signed = new Signed(chain.bytes("freshness"));
        signed.enough(root.bytes("freshness_role"), "portability/v1/freshness");
        Wire.Message said = Shapes.FRESHNESS.read(signed.content);
        said.complete("directory_version", "issued_at_ms", "expires_at_ms");
        boolean same = Arrays.equals(said.bytes("directory_sha256"), Crypto.sha256(directory.content));
        Refused.need(same && said.number("directory_version") == version, "the freshness statement is of another directory");
        return said.count("expires_at_ms");
    }

    // --- what a sound directory holds ---------------------------------------------------------------------------

    private void readInstitutions(Wire.Message directory) {
        for (byte[] one : directory.blobs("institutions")) {
            Wire.Message institution = Shapes.INSTITUTION.read(one);
            institution.complete("name");
            Refused.need(institution.text("country").matches("[A-Z]{2}"), "an institution acts for no state");
            String id = Envelope.institution(institution.text("institution_id"));
            Refused.need(!institutions.containsKey(id), "an institution stands twice in the directory");
            for (byte[] raw : institution.blobs("competences")) {
                Wire.Message competence = Shapes.COMPETENCE.read(raw);
                competence.complete("branch", "first_day");
                Shapes.DATE.read(competence.bytes("first_day"));
                Shapes.DATE.read(competence.bytes("last_day"));
            }
            Map<String, Key> keys = readKeys(institution.blobs("keys"));
            institutions.put(id, keys);
            keys.values().forEach(key -> List.of(key.pair.ed25519(), key.pair.mldsa())
                .forEach(half -> keyHalves.add(Arrays.toString(half))));
        }
    }

    private void readAuthorities(Wire.Message directory) {
        Set<String> states = new HashSet<>();
        for (byte[] one : directory.blobs("authorities")) {
            Wire.Message authority = Shapes.AUTHORITY.read(one);
            authority.complete("name");
            Refused.need(authority.text("state").matches("[A-Z]{2}"), "an authority binds no state");
            Refused.need(states.add(authority.text("state")), "a state has two authorities");
            Set<String> ids = new HashSet<>();
            for (byte[] raw : authority.blobs("signers")) {
                Wire.Message signer = Shapes.SIGNER.read(raw);
                signer.complete("signer_id", "name");
                Refused.need(ids.add(signer.text("signer_id")), "an official stands twice");
                for (Key key : readKeys(signer.blobs("keys")).values()) {
                    Refused.need(key.purpose == SIGNING, "an official's key is not for signing");
                    once(keyHalves, key.pair);
                }
            }
        }
    }

    private void readAgreements(Wire.Message directory) {
        for (byte[] one : directory.blobs("agreements")) {
            Wire.Message agreement = Shapes.AGREEMENT.read(one);
            agreement.complete("agreement_id", "listed_at_ms");
            agreement.bytes("sha256", 32);
        }
    }

    private static Map<String, Key> readKeys(List<byte[]> raw) {
        Map<String, Key> keys = new HashMap<>();
        for (byte[] one : raw) {
            Wire.Message key = Shapes.KEY.read(one);
            key.complete("key_id", "not_before_ms", "not_after_ms");
            int purpose = (int) key.number("purpose");
            Refused.need(POST_QUANTUM_BYTES.containsKey(purpose), "a key has an unknown purpose");
            byte[] postQuantum = key.bytes("post_quantum", POST_QUANTUM_BYTES.get(purpose));
            Refused.need(key.flag("revoked") || !key.has("revoked_from_log_size"), "a key is revoked by half");
            Key read = new Key(key.text("key_id"), purpose, key.count("not_before_ms"), key.count("not_after_ms"),
                new Crypto.Pair(key.bytes("classical", 32), postQuantum), key.flag("revoked"), key.count("revoked_from_log_size"));
            Refused.need(read.from < read.until, "a key has no window");
            Refused.need(keys.put(read.id, read) == null, "a key id stands twice");
        }
        return keys;
    }
}
