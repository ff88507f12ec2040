package io.kadali.spark;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import org.apache.spark.unsafe.types.UTF8String;

/** Text and bytes: encode, decode, convert_to, convert_from, digests, hexadecimal integers, shifts of bits. */
public final class Encodings {
  private static final int LINE = 76;

  private Encodings() {}

  private static PgError unknown(UTF8String form) {
    return new PgError("22023", "unrecognized encoding: \"" + form + "\"");
  }

  /** Raises 22023. */
  public static UTF8String encode(byte[] bytes, UTF8String form) {
    String out =
        switch (form.toString().toLowerCase(Locale.ROOT)) {
          case "hex" -> HexFormat.of().formatHex(bytes);
          case "base64" -> lines(Base64.getEncoder().encodeToString(bytes));
          case "escape" -> escaped(bytes);
          default -> throw unknown(form);
        };
    return UTF8String.fromString(out);
  }

  private static String lines(String text) {
    StringBuilder out = new StringBuilder(text.length() + text.length() / LINE);
    for (int i = 0; i < text.length(); i += LINE) {
      out.append(i > 0 ? "\n" : "").append(text, i, Math.min(i + LINE, text.length()));
    }
    return out.toString();
  }

  private static String escaped(byte[] bytes) {
    StringBuilder out = new StringBuilder();
    for (byte b : bytes) {
      if (b == 0 || b < 0) {
        out.append(String.format("\\%03o", b & 0xff));
      } else {
        out.append(b == '\\' ? "\\\\" : Character.toString(b));
      }
    }
    return out.toString();
  }

  /** Raises 22023. */
  public static byte[] decode(UTF8String text, UTF8String form) {
    switch (form.toString().toLowerCase(Locale.ROOT)) {
      case "hex":
        return TextInput.hex(text.toString());
      case "base64":
        try {
          return Base64.getDecoder().decode(text.toString().replaceAll("[ \t\r\n]", ""));
        } catch (IllegalArgumentException error) {
          throw new PgError("22023", "invalid base64 end sequence");
        }
      case "escape":
        return TextInput.bytea(text);
      default:
        throw unknown(form);
    }
  }

  private static void checkUtf8(UTF8String name) {
    String plain = name.toString().toUpperCase(Locale.ROOT).replace("-", "").replace("_", "");
    if (!plain.equals("UTF8")) {
      throw PgError.unsupported("encoding " + name);
    }
  }

  public static byte[] convertTo(UTF8String text, UTF8String name) {
    checkUtf8(name);
    return text.getBytes();
  }

  /** Raises 22021. */
  public static UTF8String convertFrom(byte[] bytes, UTF8String name) {
    checkUtf8(name);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      if (text.indexOf('\0') >= 0) {
        throw new PgError("22021", "invalid byte sequence for encoding \"UTF8\": 0x00");
      }
      return UTF8String.fromString(text);
    } catch (CharacterCodingException error) {
      throw new PgError("22021", "invalid byte sequence for encoding \"UTF8\"");
    }
  }

  public static UTF8String md5(byte[] bytes) {
    return UTF8String.fromString(HexFormat.of().formatHex(digest("MD5", bytes)));
  }

  public static byte[] sha256(byte[] bytes) {
    return digest("SHA-256", bytes);
  }

  private static byte[] digest(String name, byte[] bytes) {
    try {
      return MessageDigest.getInstance(name).digest(bytes);
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }

  /** Of an integer of 32 or 64 bits, negative ones as their two's complement. */
  public static UTF8String hex(long number, int bits) {
    return UTF8String.fromString(bits == 32 ? Integer.toHexString((int) number) : Long.toHexString(number));
  }

  /** As the processor shifts an integer of `bits`: the count modulo the width, the result cut to the width. */
  public static long shiftLeft(long number, int by, int bits) {
    int count = Math.floorMod(by, bits);
    return bits == 32 ? (int) number << count : number << count;
  }

  public static long shiftRight(long number, int by, int bits) {
    return number >> Math.floorMod(by, bits);
  }
}
