// Rotary frequencies after scaling, as HuggingFace computes them: in float32, step by step.
// Invariant: a config whose scaling is unknown is refused by name, never read as "default".
// Source: transformers, modeling_rope_utils.py (Apache-2.0): formulas only; linear, llama3 (LLaMA 3.1), yarn (Peng et al. 2023),
// longrope (Ding et al. 2024), dynamic (equal to default while a text fits max_position_embeddings).
import { Fields, refuse, shown } from './json-file.js';

export interface Rope {
  readonly rotaryDim: number;
  readonly frequency: readonly number[];
  /** Multiplies cos and sin. */
  readonly factor: number;
  /** Positions the frequencies hold for. */
  readonly context: number;
}

export interface RopeDefaults {
  readonly headDim: number;
  /** max_position_embeddings. */
  readonly context: number;
  /** Where the config names theta or the rotated share otherwise (GPT-NeoX). */
  readonly thetaName?: string;
  readonly shareName?: string;
  readonly share?: number;
}

const f32 = Math.fround;
const KNOWN = ['default', 'linear', 'dynamic', 'llama3', 'yarn', 'longrope'] as const;

/** Both forms: `rope_parameters` of transformers 5, and `rope_theta` with `rope_scaling`. */
export function readRope(config: Fields, defaults: RopeDefaults): Rope {
  const held = config.object('rope_scaling') ?? config.object('rope_parameters') ?? new Fields({}, config.place);
  const theta = held.real('rope_theta', 0, config.real(defaults.thetaName ?? 'rope_theta', 0, 10_000));
  const share = held.real('partial_rotary_factor', 0, config.real(defaults.shareName ?? 'partial_rotary_factor', 0, defaults.share ?? 1));
  const kind = held.text(['rope_type', 'type'], 'default');
  if (share > 1 || (share !== 1 && defaults.share === undefined)) refuse(config.place, `partial_rotary_factor is ${share}; expected 1 for this architecture`);
  const rotaryDim = Math.trunc(defaults.headDim * share);
  if (rotaryDim % 2 !== 0) refuse(config.place, `rotates ${rotaryDim} of ${defaults.headDim} numbers a head; expected an even number`);
  const powers = Array.from({ length: rotaryDim / 2 }, (_, i) => f32(theta ** f32((2 * i) / rotaryDim)));
  const plain = powers.map((power) => f32(1 / power));
  const original = () =>
    config.whole('original_max_position_embeddings', 1, 2 ** 27, held.whole('original_max_position_embeddings', 1, 2 ** 27, defaults.context));
  const done = (frequency: readonly number[], factor = 1, context = defaults.context): Rope => ({ rotaryDim, frequency, factor, context });
  switch (kind) {
    case 'default':
    case 'dynamic':
      return done(plain);
    case 'linear': {
      const factor = held.real('factor', 0);
      return done(plain.map((one) => f32(one / f32(factor))));
    }
    case 'llama3':
      return done(llama3(plain, held, original()));
    case 'yarn':
      return yarn(powers, theta, rotaryDim, held, original(), defaults.context, done);
    case 'longrope': {
      const length = original();
      const factors = held.reals('short_factor', rotaryDim / 2);
      const factor = held.real('factor', 0, defaults.context / length);
      const attention = held.real('attention_factor', 0, factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(length)));
      // Longer texts take the long factors for all their positions; windows of the original length take the short ones.
      return done(
        powers.map((power, i) => f32(1 / f32(f32(factors[i]!) * power))),
        f32(attention),
        Math.min(length, defaults.context),
      );
    }
    default:
      return refuse(config.place, `rope type is ${shown(kind)}; known: ${KNOWN.join(', ')}`);
  }
}

function llama3(plain: readonly number[], held: Fields, length: number): number[] {
  const factor = held.real('factor', 0);
  const low = held.real('low_freq_factor', 0);
  const high = held.real('high_freq_factor', 0);
  if (high <= low) refuse(held.place, `high_freq_factor is ${high} and low_freq_factor ${low}; expected the first above the second`);
  return plain.map((frequency) => {
    const wavelength = f32(f32(2 * Math.PI) / frequency);
    if (wavelength < f32(length / high)) return frequency;
    if (wavelength > f32(length / low)) return f32(frequency / f32(factor));
    const smooth = f32(f32(f32(length / wavelength) - f32(low)) / f32(high - low));
    return f32(f32(f32(f32(1 - smooth) * frequency) / f32(factor)) + f32(smooth * frequency));
  });
}

function yarn(
  powers: readonly number[],
  theta: number,
  dim: number,
  held: Fields,
  length: number,
  context: number,
  done: (frequency: readonly number[], factor: number) => Rope,
): Rope {
  const factor = held.real('factor', 0, context / length);
  const mscale = held.real('mscale', -1, 0);
  const mscaleAll = held.real('mscale_all_dim', -1, 0);
  const growth = (by: number): number => (factor <= 1 ? 1 : 0.1 * by * Math.log(factor) + 1);
  const attention = held.real('attention_factor', 0, mscale !== 0 && mscaleAll !== 0 ? growth(mscale) / growth(mscaleAll) : growth(1));
  const truncate = held.flag('truncate', true);
  const place = (rotations: number): number => (dim * Math.log(length / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
  const from = place(held.real('beta_fast', 0, 32));
  const to = place(held.real('beta_slow', 0, 1));
  const low = Math.max(truncate ? Math.floor(from) : from, 0);
  const top = Math.min(truncate ? Math.ceil(to) : to, dim - 1);
  const high = top === low ? top + 0.001 : top;
  const frequency = powers.map((power, i) => {
    const ramp = Math.min(Math.max(f32(f32(i - f32(low)) / f32(high - low)), 0), 1);
    const keep = f32(1 - ramp);
    const extrapolated = f32(1 / power);
    const interpolated = f32(1 / f32(f32(factor) * power));
    return f32(f32(interpolated * f32(1 - keep)) + f32(extrapolated * keep));
  });
  return done(frequency, f32(attention));
}
