/** How the contenders did: what a run of the bench over HTTP keeps, and how it is read. */
import { medianOf } from '../measure.js';
import type { Backend, Exercise, Kind, Platform, RouteName, Size } from './contender.js';

/** How an exercise went; a figure for each round. */
export interface Performance extends Exercise {
  /** Microseconds of processor time a request, of all threads of the server's process. */
  readonly cpu: number[];
  readonly perSecond: number[];
}

/** Which performance is meant. */
export interface Which {
  readonly platform: Platform;
  readonly kind: Kind;
  readonly route: RouteName;
  readonly backend?: Backend | undefined;
  readonly size?: Size;
}

/** A ratio, and between what it lies with a probability of 95 %. */
export interface Ratio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

const SMALL: Size = 200;
const RESAMPLES = 1_000;

export class Performances {
  readonly #all: readonly Performance[];

  constructor(all: readonly Performance[]) {
    this.#all = all;
  }

  /** Round by round; `undefined` if that wasn't measured. */
  cpuOf({ platform, kind, backend, route, size = SMALL }: Which): readonly number[] | undefined {
    return this.#all.find(
      ({ contender, ...exercise }) =>
        contender.platform === platform &&
        contender.kind === kind &&
        contender.backend === backend &&
        exercise.route === route &&
        exercise.size === size,
    )?.cpu;
  }

  /** What a request costs more than bare Nest's answer to it, round by round. */
  addedBy(which: Which): readonly number[] | undefined {
    const bareRoute = which.route === 'login' || which.route === 'none' ? which.route : 'read';
    const cpu = this.cpuOf(which);
    const bare = this.cpuOf({ platform: which.platform, kind: 'bare', route: bareRoute });
    return cpu && bare && cpu.map((figure, round) => figure - (bare[round] ?? NaN));
  }
}

/** How the medians of two rows of rounds relate. The interval comes from drawing rounds anew, the same for both (bootstrap). */
export function ratioOf(figures: readonly number[], others: readonly number[]): Ratio {
  const random = pseudoRandom();
  const ratios = Array.from({ length: RESAMPLES }, () => {
    const rounds = figures.map(() => Math.floor(random() * figures.length));
    return (
      medianOf(rounds.map((round) => figures[round] ?? NaN)) / medianOf(rounds.map((round) => others[round] ?? NaN))
    );
  }).toSorted((a, b) => a - b);
  const at = (share: number) => ratios[Math.floor(share * (RESAMPLES - 1))] ?? NaN;
  return { ratio: medianOf(figures) / medianOf(others), low: at(0.025), high: at(0.975) };
}

/** The same numbers each time, so that the same results always make the same table. */
function pseudoRandom(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x8000_0000;
  };
}
