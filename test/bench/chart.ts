/** A chart for the README, as SVG: what sessions add to a request that reads one attribute. */
import type { BenchResults } from './bench.results.js';
import { type Backend, type Kind, PLATFORMS, type Platform } from './http/contender.js';
import { Performances } from './http/performance.js';
import { medianOf } from './measure.js';
import { majorOf } from './report.js';

const WIDTH = 760;
const LABELS = 210;
const BAR = 15;
const GAP = 14;
const TOP = 34;
/** Room for a figure behind the longest bar. */
const FIGURES = 70;

/** Readable on light and on dark pages. */
const COLOURS: Record<Exclude<Kind, 'bare'>, string> = { floor: '#8b949e', library: '#e0234e', peer: '#6e7fbf' };
const TEXT = '#7d8590';

interface Group {
  readonly platform: Platform;
  readonly backend: Backend;
  readonly bars: readonly { readonly kind: keyof typeof COLOURS; readonly added: number }[];
}

export function chartOf(results: BenchResults): string {
  const groups = groupsOf(results);
  const longest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ added }) => added)));
  const scale = (WIDTH - LABELS - FIGURES) / longest;
  let y = TOP;
  const drawn = groups.map((group) => {
    const top = y;
    y += group.bars.length * BAR + GAP;
    return drawGroup(group, top, scale);
  });
  const height = y + 4;
  const title = `Processor time that sessions add to a request which reads one attribute, Node ${majorOf(results.node)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="${TEXT}" role="img">
<title>${title}</title>
<text x="0" y="14" font-size="13">${title}</text>
${drawn.join('\n')}
</svg>
`;
}

function groupsOf({ http }: BenchResults): Group[] {
  const performances = new Performances(http?.performances ?? []);
  return PLATFORMS.flatMap((platform) =>
    (['memory', 'redis'] as const).map((backend) => ({
      platform,
      backend,
      bars: (['floor', 'library', 'peer'] as const).flatMap((kind) => {
        const added = performances.addedBy({ platform, backend, kind, route: 'read' });
        return added ? [{ kind, added: medianOf(added) }] : [];
      }),
    })),
  );
}

function drawGroup({ platform, backend, bars }: Group, top: number, scale: number): string {
  return bars
    .map(({ kind, added }, index) => {
      const y = top + index * BAR;
      const width = Math.max(1, added * scale).toFixed(1);
      const end = (LABELS + Number(width) + 6).toFixed(1);
      return `<text x="${LABELS - 8}" y="${y + 11}" text-anchor="end">${labelOf(platform, backend, kind)}</text>
<rect x="${LABELS}" y="${y + 1}" width="${width}" height="${BAR - 3}" rx="2" fill="${COLOURS[kind]}"/>
<text x="${end}" y="${y + 11}">${added.toFixed(1)} µs</text>`;
    })
    .join('\n');
}

function labelOf(platform: Platform, backend: Backend, kind: keyof typeof COLOURS): string {
  const peer = platform === 'express' ? 'express-session' : '@fastify/session';
  const name = { floor: 'floor', library: 'nestjs-http-session', peer }[kind];
  if (kind !== 'floor') return name;
  return `${platform === 'express' ? 'Express' : 'Fastify'}, ${backend === 'redis' ? 'Redis' : 'memory'}: ${name}`;
}
