import { ByteReader } from '../../../bytes/byte-reader.ts'

/** Reads the fields of an SFTP packet (draft-ietf-secsh-filexfer-02, section 3), never past its end. */
export class PacketReader extends ByteReader {
  /** A view of the bytes of a string: four bytes of length, then as many bytes. */
  string(): Buffer {
    return this.take(this.uint32())
  }

  uint64(): bigint {
    return this.take(8).readBigUInt64BE()
  }
}
