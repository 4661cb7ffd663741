/** What passed a proxy while it was recorded. */

export type Direction = 'requests' | 'replies';

/** What came off the wire at once: what was written in one moment may be one piece, and what is long several. */
export interface Piece {
  readonly direction: Direction;
  /** The connection's number, in the order of opening. */
  readonly connection: number;
  readonly bytes: Buffer;
}

export class TcpRecording {
  readonly pieces: Piece[] = [];
  readonly #stop: (recording: TcpRecording) => void;

  constructor(stop: (recording: TcpRecording) => void) {
    this.#stop = stop;
  }

  /** How often clients asked something after they had got an answer: what is pipelined counts once. A farewell counts too. */
  get roundTrips(): number {
    const last = new Map<number, Direction>();
    let trips = 0;
    for (const { connection, direction } of this.pieces) {
      if (direction === 'requests' && last.get(connection) !== 'requests') trips++;
      last.set(connection, direction);
    }
    return trips;
  }

  piecesOf(direction: Direction): Piece[] {
    return this.pieces.filter((piece) => piece.direction === direction);
  }

  bytesOf(direction: Direction): number {
    return this.piecesOf(direction).reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Byte by byte, as Latin-1. */
  textOf(direction: Direction): string {
    return Buffer.concat(this.piecesOf(direction).map(({ bytes }) => bytes)).toString('latin1');
  }

  /** Records no more. */
  stop(): void {
    this.#stop(this);
  }
}
