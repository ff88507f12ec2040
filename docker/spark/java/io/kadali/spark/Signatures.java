package io.kadali.spark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads {@code functions.txt}, one function a line: {@code [aggregate|nullable] name(types) type Class.method}. A line
 * whose method does not exist with the Java classes of those types is an error when Spark starts.
 */
public final class Signatures {
  private static final String FILE = "functions.txt";
  private static final Pattern LINE =
      Pattern.compile("(?:(aggregate|nullable) )?(\\w+)\\((.*)\\) ([^ ]+) (\\w+)\\.(\\w+)");

  private Signatures() {}

  /** For the build: fails where the table and the methods disagree. */
  public static void main(String[] arguments) {
    System.out.println(byName().values().stream().mapToInt(List::size).sum() + " functions");
  }

  static Map<String, List<Signature>> byName() {
    Map<String, List<Signature>> found = new LinkedHashMap<>();
    try (InputStream stream = Signatures.class.getResourceAsStream(FILE);
        BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.isBlank() && !line.startsWith("#")) {
          Signature signature = parse(line.strip());
          found.computeIfAbsent(signature.name(), name -> new ArrayList<>()).add(signature);
        }
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    return found;
  }

  private static Signature parse(String line) {
    Matcher match = LINE.matcher(line);
    if (!match.matches()) {
      throw new IllegalStateException(FILE + ": " + line);
    }
    List<Type> arguments =
        match.group(3).isEmpty() ? List.of() : Arrays.stream(match.group(3).split(", ")).map(Type::named).toList();
    Type result = Type.named(match.group(4));
    boolean aggregate = "aggregate".equals(match.group(1));
    try {
      Class<?> home = Class.forName("io.kadali.spark." + match.group(5));
      Class<?>[] classes =
          aggregate ? new Class<?>[0] : arguments.stream().map(Type::java).toArray(Class<?>[]::new);
      Method method = home.getMethod(match.group(6), classes);
      return new Signature(
          match.group(2), arguments, result, method, "nullable".equals(match.group(1)), aggregate);
    } catch (ReflectiveOperationException error) {
      throw new IllegalStateException(FILE + ": " + line, error);
    }
  }
}
