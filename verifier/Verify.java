// A second reading of docs/spec, in another language and on other libraries. It shares no line with the node.
// How to run it: verifier/README.md.

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The command line. Exit status 0: everything stands; 1: refused, with one line; 2: called wrongly. */
public final class Verify {
    private static final String USAGE = """
        Verify vectors FOLDER                     every file of docs/spec/vectors is as it says
        Verify evidence FILE [--root ROOT.bin]    what a file of evidence proves, sentence by sentence
        Verify batch FOLDER [--root ROOT.bin]     one line for each file of evidence in a folder: taken or refused
        """;

    public static void main(String[] arguments) throws IOException {
        List<String> given = List.of(arguments);
        boolean rooted = given.size() == 4 && given.get(2).equals("--root");
        if (given.size() != 2 && !rooted) {
            System.err.print(USAGE);
            System.exit(2);
        }
        Path path = Path.of(given.get(1));
        try {
            byte[] root = rooted ? Files.readAllBytes(Path.of(given.get(3))) : null;
            switch (given.get(0)) {
                case "vectors" -> Vectors.check(path);
                case "evidence" -> new Evidence(Files.readAllBytes(path), root).sentences().forEach(System.out::println);
                case "batch" -> batch(path, root);
                default -> throw new Refused("'" + given.get(0) + "' is no command");
            }
        } catch (Refused refused) {
            System.err.println("refused: " + refused.getMessage().replace('\n', ' '));
            System.exit(1);
        } catch (java.nio.file.NoSuchFileException absent) {
            System.err.println("refused: " + absent.getMessage() + " cannot be read");
            System.exit(1);
        }
    }

    private static void batch(Path folder, byte[] root) throws IOException {
        List<Path> files;
        try (var found = Files.list(folder)) {
            files = found.sorted().toList();
        }
        for (Path file : files) {
            System.out.println(file.getFileName() + " " + word(Files.readAllBytes(file), root));
        }
    }

    /** Anything but Refused that a file brings about is a fault of this program and ends the batch. */
    private static String word(byte[] file, byte[] root) {
        try {
            return "taken: " + new Evidence(file, root).sentences().size() + " sentences";
        } catch (Refused refused) {
            return "refused: " + refused.getMessage().replace('\n', ' ');
        }
    }

    private Verify() {}
}
