// What scanners take letters for: a letter, and readings of it that look alike. For garbled texts that a decoder must find worse.
// Written for this project from the shapes of letters in book types; every Latin letter has a line, others stay as they are.
import type { Random } from './quality-text.js';

/** A letter, then its readings. */
const TABLE = `
a o u s e n
b h 6 lo o
c e o ( G
d cl a tl o
e c o a s
f t r i l
g q y 9 p
h b li n k
i l 1 j t !
j i ; y
k h lc x
l 1 I i t |
m rn nn in ni
n u ri r h m
o 0 c e a
p n o y r
q g 9 o
r t i v n
s 5 a e z
t f l i r +
u n ii v a
v y u r V
w vv n u tv
x z k v
y v g j
z s 2 x
A 4 R a
B 8 R E
C G O c
D O 0 B
E F B K
F P E r
G C 6 O
H N II M
I l 1 T J
J I ] i
K X R H
L I l E
M H N lVI
N H M V
O 0 Q C D
P F R p
Q O 0 G
R B K P
S 5 8 s
T I Y 1
U V II D
V Y v U
W VV w M
X K x Y
Y V T y
Z 2 z 7`;
const CONFUSIONS = new Map(
  TABLE.trim()
    .split('\n')
    .map((line): [string, readonly string[]] => [line[0]!, line.slice(2).split(' ')]),
);

/** Each letter of the table becomes one of its readings with the chance `share`. */
export function garble(text: string, share: number, random: Random): string {
  const bound = Math.round(share * 1_000_000);
  let out = '';
  for (const letter of text) {
    const readings = CONFUSIONS.get(letter);
    out += readings !== undefined && random(1_000_000) < bound ? readings[random(readings.length)]! : letter;
  }
  return out;
}
