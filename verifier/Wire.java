import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Protobuf in the one form that exchange.md, section 2, calls canonical; every other form is Refused. */
final class Wire {

    /** What one field holds. A set PART is a sub-message, which may be empty; TEXTS and BLOBS are repeated. */
    enum Kind { SMALL, NUMBER, FLAG, BYTES, TEXT, PART, TEXTS, BLOBS }

    private record Field(String name, Kind kind) {}

    /** The fields of one message, numbered from 1 in the order of "name:KIND name:KIND". */
    static final class Shape {
        private final List<Field> fields = new ArrayList<>();

        Shape(String text) {
            for (String field : text.trim().split("\\s+")) {
                String[] parts = field.split(":");
                fields.add(new Field(parts[0], Kind.valueOf(parts[1])));
            }
        }

        /** Read all of `data`. */
        Message read(byte[] data) {
            Message message = new Message();
            ByteBuffer rest = ByteBuffer.wrap(data);
            long before = 0;
            while (rest.hasRemaining()) {
                long tag = varint(rest);
                long number = tag >>> 3;
                Refused.need(number >= 1 && number <= fields.size(), "field " + number + " is unknown");
                Field field = fields.get((int) number - 1);
                boolean repeated = field.kind == Kind.TEXTS || field.kind == Kind.BLOBS;
                Refused.need(number > before || (repeated && number == before), field.name + " is out of order or repeated");
                Refused.need((tag & 7) == (isVarint(field.kind) ? 0 : 2), field.name + " has the wrong wire type");
                message.put(field, isVarint(field.kind) ? whole(field, varint(rest)) : chunk(field, rest));
                before = number;
            }
            return message;
        }
    }

    /** One message that was read. What was not written has its empty value. */
    static final class Message {
        private final Map<String, Object> values = new HashMap<>();

        private void put(Field field, Object value) {
            if (field.kind == Kind.TEXTS || field.kind == Kind.BLOBS) {
                many(field.name).add(value);
            } else {
                values.put(field.name, value);
            }
        }

        @SuppressWarnings("unchecked")
        private List<Object> many(String name) {
            return (List<Object>) values.computeIfAbsent(name, none -> new ArrayList<>());
        }

        /** Unsigned; only numbers that are counted with must be below 2^63, see `count`. */
        long number(String name) {
            return (Long) values.getOrDefault(name, 0L);
        }

        /** A number to count with. */
        long count(String name) {
            Refused.need(number(name) >= 0, name + " is over 2^63");
            return number(name);
        }

        boolean flag(String name) {
            return number(name) == 1;
        }

        byte[] bytes(String name) {
            return (byte[]) values.getOrDefault(name, new byte[0]);
        }

        /** Bytes of exactly this length. */
        byte[] bytes(String name, int length) {
            Refused.need(bytes(name).length == length, name + " has " + bytes(name).length + " bytes, not " + length);
            return bytes(name);
        }

        String text(String name) {
            return (String) values.getOrDefault(name, "");
        }

        boolean has(String name) {
            return values.containsKey(name);
        }

        List<byte[]> blobs(String name) {
            List<byte[]> found = new ArrayList<>();
            many(name).forEach(one -> found.add((byte[]) one));
            return found;
        }

        List<String> texts(String name) {
            List<String> found = new ArrayList<>();
            many(name).forEach(one -> found.add((String) one));
            return found;
        }

        /** These fields are there. */
        void complete(String... names) {
            for (String name : names) {
                Refused.need(has(name), name + " is missing");
            }
        }
    }

    private static boolean isVarint(Kind kind) {
        return kind == Kind.SMALL || kind == Kind.NUMBER || kind == Kind.FLAG;
    }

    private static Long whole(Field field, long value) {
        Refused.need(value != 0, field.name + " is written although it is zero");
        Refused.need(field.kind != Kind.SMALL || (value >>> 32) == 0, field.name + " is over 32 bits");
        Refused.need(field.kind != Kind.FLAG || value == 1, field.name + " is neither true nor false");
        return value;
    }

    private static Object chunk(Field field, ByteBuffer rest) {
        long length = varint(rest);
        Refused.need(length >= 0 && length <= rest.remaining(), field.name + " is cut off");
        boolean singular = field.kind == Kind.BYTES || field.kind == Kind.TEXT;
        Refused.need(length > 0 || !singular, field.name + " is written although it is empty");
        byte[] value = new byte[(int) length];
        rest.get(value);
        return field.kind == Kind.TEXT || field.kind == Kind.TEXTS ? shown(utf8(value)) : value;
    }

    private static String shown(String text) {
        Refused.need(text.chars().noneMatch(Character::isISOControl), "a text has a control character");
        return text;
    }

    static String utf8(byte[] value) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString();
        } catch (CharacterCodingException wrong) {
            throw new Refused("a text is not UTF-8");
        }
    }

    private static long varint(ByteBuffer rest) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            Refused.need(rest.hasRemaining() && shift < 70, "a varint is cut off or too long");
            byte next = rest.get();
            Refused.need(shift < 63 || (next & 0xff) <= 1, "a varint is over 64 bits");
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                Refused.need(next != 0 || shift == 0, "a varint has a needless zero byte");
                return value;
            }
        }
    }

    private Wire() {}
}
