package io.kadali.spark;

import io.delta.storage.S3SingleDriverLogStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Delta's log on S3, safe with several writers: an entry is put with {@code If-None-Match: *}, so that the store itself
 * refuses the second writer of a version. Delta's own store looks first and then writes unconditionally, which
 * overwrites an entry that another process has committed in between.
 *
 * <p>Reading, listing, and files that may be overwritten (checkpoints, {@code _last_checkpoint}) are the parent's.
 */
public class S3ConditionalLogStore extends S3SingleDriverLogStore {
  /** S3A's option: create the object only if there is none; checked by the store when the upload ends. */
  private static final String CONDITIONAL = "fs.option.create.conditional.overwrite";

  private static final int BUFFER_BYTES = 64 * 1024;

  public S3ConditionalLogStore(Configuration configuration) {
    super(configuration);
  }

  /**
   * Writes a new log entry whole or not at all.
   *
   * @throws FileAlreadyExistsException if there is an entry of that version that is not this one: Delta then looks at
   *     it and tries the next version
   */
  @Override
  public void write(Path path, Iterator<String> actions, Boolean overwrite, Configuration configuration)
      throws IOException {
    if (overwrite) {
      super.write(path, actions, true, configuration);
      return;
    }
    FileSystem fs = path.getFileSystem(configuration);
    MessageDigest written = sha256();
    try {
      put(fs, path, actions, written);
    } catch (IOException error) {
      if (!isConflict(error)) {
        throw error;
      }
      // The client repeats a request whose answer was lost: then the entry that is in the way is our own.
      if (!Arrays.equals(written.digest(), digestOf(fs, path))) {
        FileAlreadyExistsException conflict = new FileAlreadyExistsException(path.toString());
        conflict.initCause(error);
        throw conflict;
      }
    }
  }

  /** Nothing is visible before the upload has ended, and nothing at all if it fails. */
  @Override
  public Boolean isPartialWriteVisible(Path path, Configuration configuration) {
    return false;
  }

  private static void put(FileSystem fs, Path path, Iterator<String> actions, MessageDigest written)
      throws IOException {
    // overwrite(true): S3A need not ask first whether the object exists, as the put itself does
    FSDataOutputStream out =
        (FSDataOutputStream) fs.createFile(path).overwrite(true).recursive().must(CONDITIONAL, true).build();
    try {
      while (actions.hasNext()) {
        byte[] line = (actions.next() + "\n").getBytes(StandardCharsets.UTF_8);
        written.update(line);
        out.write(line);
      }
    } catch (Throwable error) {
      out.abort(); // closing would make half an entry visible
      throw error;
    }
    out.close();
  }

  /** Whether the store said that there is such an object: S3A tells it in several ways, some of them nested. */
  private static boolean isConflict(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof org.apache.hadoop.fs.FileAlreadyExistsException
          || cause instanceof FileAlreadyExistsException
          || cause.getClass().getSimpleName().equals("RemoteFileChangedException")
          || String.valueOf(cause.getMessage()).contains("Status Code: 412")) {
        return true;
      }
    }
    return false;
  }

  private static byte[] digestOf(FileSystem fs, Path path) throws IOException {
    MessageDigest found = sha256();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = fs.open(path)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        found.update(buffer, 0, n);
      }
    }
    return found.digest();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }
}
