/** What is checked does not hold. */
@SuppressWarnings("serial")
final class Refused extends RuntimeException {
    Refused(String reason) {
        super(reason, null, false, false);
    }

    static void need(boolean holds, String reason) {
        if (!holds) {
            throw new Refused(reason);
        }
    }
}
