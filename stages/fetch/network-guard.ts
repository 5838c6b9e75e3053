// Where a shared deployment lets sources point: REFINE_NETWORK=public refuses every address that is not of the public internet (the
// machine itself, private and link-local networks, cloud metadata), REFINE_NETWORK_ALLOW names hosts and networks that are allowed
// all the same. Set by the operator in the environment, never by a manifest: whoever writes the manifest is whom it guards against.
// Invariant: what is judged is the address of the connection itself, resolved once, so neither a redirect nor a name that resolves
// otherwise the second time passes. Ranges: IANA's special-purpose registries (RFC 6890 and successors).
import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import { RefineError } from '../../native/errors.js';

const DENIED_4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // shared address space; Alibaba's metadata is 100.100.100.200
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // Azure's host, reachable from every machine there
  ['169.254.0.0', 16], // link-local: metadata of AWS, Google, Azure
  ['172.16.0.0', 12],
  ['192.0.0.0', 24], // Oracle's metadata is 192.0.0.192
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const DENIED_6: readonly (readonly [string, number])[] = [
  ['::', 96], // unspecified, loopback, IPv4-compatible
  ['64:ff9b::', 96], // NAT64: an IPv4 address in disguise
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23], // Teredo and others
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7], // AWS's metadata is fd00:ec2::254
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

export interface NetworkRules {
  /** Why a connection to this address may not be made, or null. `host` is the name it was reached by. */
  refusal(host: string, address: string): string | null;
}

/** Null: the environment asks for nothing. */
export function networkRules(env: Readonly<Record<string, string | undefined>>): NetworkRules | null {
  const mode = env.REFINE_NETWORK ?? 'any';
  if (mode === 'any' || mode === '') return null;
  if (mode !== 'public' && mode !== 'listed')
    throw new RefineError('ERR_REFINE_USAGE', `is ${JSON.stringify(mode)}, expected any, public or listed.`, { place: 'REFINE_NETWORK' });
  const { hosts, networks } = allowed(env.REFINE_NETWORK_ALLOW ?? '');
  const denied = new BlockList();
  for (const [network, prefix] of DENIED_4) denied.addSubnet(network, prefix, 'ipv4');
  for (const [network, prefix] of DENIED_6) denied.addSubnet(network, prefix, 'ipv6');
  const within = (list: BlockList, address: string): boolean => {
    const plain = unmapped(address);
    return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };
  return {
    refusal(host, address) {
      if (hosts.some((one) => host === one || host.endsWith(`.${one}`)) || within(networks, address)) return null;
      if (mode === 'listed') return 'is not among the hosts and networks of REFINE_NETWORK_ALLOW';
      return isIP(unmapped(address)) === 0 || within(denied, address) ? `leads to ${address}, which is no address of the public internet` : null;
    },
  };
}

/** `::ffff:127.0.0.1` and `::ffff:7f00:1` as `127.0.0.1`; zones (`%eth0`) left out. */
function unmapped(address: string): string {
  const plain = address
    .replace(/%.*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  const dotted = /^(?:0*:)*:?(?:0*:)*ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (dotted !== undefined) return dotted;
  const hex = /^(?:0*:)*:?(?:0*:)*ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain);
  if (hex === null) return plain;
  const [high, low] = [Number.parseInt(hex[1]!, 16), Number.parseInt(hex[2]!, 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function allowed(text: string): { readonly hosts: readonly string[]; readonly networks: BlockList } {
  const hosts: string[] = [];
  const networks = new BlockList();
  for (const part of text.split(/[\s,]+/).filter((one) => one !== '')) {
    const [address, prefix, ...more] = part.split('/') as [string, string | undefined];
    const family = isIP(address);
    if (family === 0) {
      if (prefix !== undefined || !/^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(part)) throw unreadable(part);
      hosts.push(part.replace(/^\*\./, '').toLowerCase());
      continue;
    }
    const bits = prefix === undefined ? (family === 4 ? 32 : 128) : Number(prefix);
    if (more.length > 0 || !Number.isInteger(bits) || bits < 0 || bits > (family === 4 ? 32 : 128)) throw unreadable(part);
    networks.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  }
  return { hosts, networks };
}

function unreadable(part: string): RefineError {
  return new RefineError('ERR_REFINE_USAGE', `holds ${JSON.stringify(part)}, expected host names, addresses and networks such as 10.1.0.0/16.`, {
    place: 'REFINE_NETWORK_ALLOW',
  });
}

export type Lookup = typeof systemLookup;

/** undici's connector with every address judged before a packet is sent, and the connected one once more. `lookup` is for tests. */
export function guardedConnector(rules: NetworkRules, options: buildConnector.BuildOptions, lookup: Lookup = systemLookup): buildConnector.connector {
  // Every address of a name must pass: which of them the system would take is nobody's promise.
  const judged = (hostname: string, asked: LookupOptions, done: (error: Error | null, address: string | LookupAddress[], family?: number) => void): void => {
    lookup(hostname, { ...asked, all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      const refused = found.map(({ address }) => rules.refusal(hostname.toLowerCase(), address)).find((why) => why !== null);
      if (refused !== undefined) return done(denied(hostname, refused), []);
      if (asked.all === true) done(null, found);
      else done(null, found[0]!.address, found[0]!.family);
    });
  };
  const connect = buildConnector({ ...options, lookup: judged } as buildConnector.BuildOptions);
  return (target, callback) => {
    const host = target.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
    const refused = isIP(host) === 0 ? null : rules.refusal(host, host); // a literal address is never looked up
    if (refused !== null) return callback(denied(host, refused), null);
    connect(target, (...[error, socket]: buildConnector.CallbackArgs) => {
      if (error !== null) return callback(error, null);
      const address = (socket as Socket).remoteAddress;
      const late = address === undefined ? null : rules.refusal(host, address);
      if (late === null) return callback(null, socket);
      socket.destroy();
      callback(denied(host, late), null);
    });
  };
}

function denied(host: string, why: string): RefineError {
  return new RefineError(
    'ERR_REFINE_FETCH',
    `${why}, and REFINE_NETWORK forbids that here. Name a public host, or ask whoever runs this deployment to allow it (REFINE_NETWORK_ALLOW).`,
    { place: host },
  );
}
