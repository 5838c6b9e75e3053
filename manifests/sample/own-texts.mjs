// Texts written for the sample crawl (Apache-2.0): about the project's own subject, so that its documentation, forum and
// shop pages say something true.

export const documentation = [
  [
    'What a WARC record is',
    `A web archive is a long file of records, one after another. Each record begins with a line that names the version of the format, then a few headers that say what it is, where it came from and how long it is, and then a block of exactly that many bytes.
When the file is compressed, every record is a gzip member of its own. That is why a reader can start in the middle: it needs only the offset of a member, which an index keeps, and it can fetch one page out of a file of a gigabyte with a single range request.
The block of a response record is what the server sent, status line and headers and body together. Nothing in it has been decoded, so a reader has to undo the transfer coding and the content coding before there is a page to look at.`,
    'WARC/1.0\nWARC-Type: response\nContent-Length: 1234',
  ],
  [
    'Why every drop has a reason',
    `A filter that removes a document and says nothing leaves you guessing. You cannot tell whether the threshold was too tight, whether the page was broken, or whether the rule was never meant for pages like it.
For that reason each step of the pipeline counts what came in, what went out, and what it dropped under which name, and the numbers have to add up. A small sample of each kind is kept beside the results, so that somebody can look at twenty of them and say how many were dropped by mistake.
The samples are chosen by a seeded hash and not by the clock, so that two people who run the same recipe look at the same twenty documents.`,
    'in = out + sum(drops)',
  ],
  [
    'How near duplicates are found',
    `Two pages are near duplicates when they share most of their short word sequences. Comparing every page with every other would take far too long, so each page is first reduced to a signature: a hundred or so numbers, chosen so that two pages agree in about as many of them as they share sequences.
The signature is cut into bands. Pages that agree in a whole band meet in one bucket and become candidates. With fourteen bands of eight numbers a pair that shares four fifths of its sequences is nearly sure to meet, and a pair that shares a third almost never does.
From the candidates, clusters are formed, and of each cluster the longest page is kept.`,
    '1 - (1 - s^8)^14',
  ],
  [
    'Columns instead of objects',
    `It is tempting to give every document an object of its own, with a string for the text and a property for each score. It is also slow. Every crossing between JavaScript and native code then has to copy the text twice, once into the string and once out of it.
Here documents travel together as columns. All the texts of a batch lie one after another in a single buffer, and a list of offsets says where each begins. The native code reads them in place and writes its numbers into arrays that were made for it.
The strings that people like to read are made only when somebody asks to see a document.`,
    'offsets: Int32Array(rows + 1)',
  ],
  [
    'What happens when a run is killed',
    `A run is a list of tasks, and a task is done when an object in the ledger says so. The object is written after its outputs are on disk under their final names, never before, so a process that dies half way leaves nothing behind that looks finished.
When you give the same command again, the tasks that are done are skipped and the others start over. It does not matter how many workers there were or in which order they finished, because nothing in the output depends on it.
You may pull the plug as often as you like. The bytes at the end are the same.`,
    'refine run manifest.yaml',
  ],
];

export const threads = [
  [
    'Truncated files from an old crawl, what to do?',
    [
      [
        'paperclip',
        `I have a box of archives from a crawl we did years ago, and about one in fifty ends in the middle of a page. The tools we used then simply stopped reading at that point and never told anybody, so we only noticed when the counts did not match.`,
      ],
      [
        'marginalia',
        `That is common when a disk filled up. The records before the cut are fine and you should keep them. What you need is a reader that tells you how many bytes at the end belong to no record, so that you can decide whether it is worth fetching the last page again.`,
      ],
      [
        'paperclip',
        `Thank you, that helps. I wrote down the offsets of the last good record in each file, and it turns out that only the final page is ever lost. I will leave them as they are and note it in the catalogue.`,
      ],
    ],
  ],
  [
    'Which encoding is this page in?',
    [
      [
        'quire',
        `The header says one thing, the page itself says another, and what I see on the screen looks like neither. Is there a rule for which of them a browser believes, or do they all guess in their own way?`,
      ],
      [
        'colophon',
        `There is a rule. A byte order mark wins over everything, then comes what the server declared, then the declaration inside the page, and only when there is none of these does the browser look at the bytes and guess. The order is written down in the standard for encodings.`,
      ],
      [
        'quire',
        `So the server was wrong and the page was right, and because the server comes first everybody saw nonsense. I have told the people who run it, and they were very kind about it.`,
      ],
    ],
  ],
  [
    'Do you keep the headers too?',
    [
      [
        'vellum',
        `When we moved our collection we had to choose between keeping the responses as they came over the wire and keeping only the pages. It saves a good deal of space to drop the headers, and for years nobody had ever asked to see one of them.`,
      ],
      [
        'marginalia',
        `Keep them, please. We once had to find out when a site had begun to redirect its visitors, and the only witness was the header of a response that somebody had thought to keep. Space is cheap and the past does not come back.`,
      ],
    ],
  ],
];

export const products = [
  [
    'Brass reading lamp',
    '84.00',
    `This lamp was made for people who read in bed and do not want to wake anyone. The shade turns all the way round, so that the light falls on the page and nowhere else, and the arm stays where you leave it, even after years of being pushed about in the dark.
The brass is not lacquered. It will darken where your hand touches it and stay bright where it does not, which is how we like it. If you would rather have it shine, a soft cloth and a little patience are all that you need.`,
    [
      ['Height', '41 cm'],
      ['Cable', '2 m, cotton'],
      ['Bulb', 'E14, not included'],
    ],
    ['It is the best lamp that I have had, and I have had many of them.', 'The arm is stiff at first but it becomes easier with use.'],
  ],
  [
    'Library ladder in ash',
    '420.00',
    `Seven steps of solid ash, joined without a screw, and a rail of steel that runs along the top of your shelves. The wheels are covered with leather so that they do not mark the floor, and a spring lifts the feet when nobody stands on the ladder, so that it rolls with the push of a finger.
We build each of them to the height of the room it is meant for. Please measure from the floor to the top of the rail and not to the ceiling, and tell us if the floor is not level, because in old houses it never is.`,
    [
      ['Steps', '7'],
      ['Wood', 'ash, oiled'],
      ['Load', '150 kg'],
    ],
    ['We had to wait for two months and it was worth it.'],
  ],
  [
    'Writing desk with a secret drawer',
    '1150.00',
    `From the front it looks like any other small desk, with three drawers and a leather top that has been let into the wood. The fourth drawer is behind the second one. There is no handle and no keyhole, and we are not going to describe here how it is opened, because the description would be found by those who should not have it.
You will be told when the desk is delivered. Some of our customers have asked us to forget that they ever bought one, and we have done so.`,
    [
      ['Width', '110 cm'],
      ['Depth', '60 cm'],
      ['Drawers', '3'],
    ],
    ['I have found only three drawers and I am very happy with it.'],
  ],
];

export const announcements = [
  [
    'A crawl that fits into a megabyte',
    'the maintainers',
    `Anyone who has tried a pipeline for web text knows the moment when the first command asks for a terabyte. We wanted the first command to need nothing at all, and so this project carries a small crawl of its own, made of pages that look like the real ones and go wrong like the real ones.
There are newspapers in it and shops and forums, and there are all the troubles that a reader meets in the wild: pages in old encodings, bodies cut short, servers that say one thing and send another. Every record has a label that says what ought to happen to it, and a test that compares the label with what happened.
It is not a substitute for real data, but it is a fair place to begin, and it is the same on every machine.`,
  ],
  [
    'The town library opens its attic',
    'our correspondent',
    `For the first time in forty years the attic of the town library is open to visitors. It was closed when the roof began to leak, and the boxes that stood there were forgotten by everyone but the caretaker, who went up every autumn to set out buckets and bring them down again in the spring.
What the boxes hold is only now becoming clear. There are letters, ledgers and some hundreds of pamphlets that were thought to be lost, most of them dry and all of them in need of a good brush. The librarians expect that it will take two years to sort them, and they are asking for help from people who can read the old hand.
Those who want to lend a hand can come on any Saturday between ten and four. There is tea, and the stairs are steep.`,
  ],
  [
    'Ferry timetable changes with the tide',
    'our correspondent',
    `The harbour office has announced that the ferry to the island will from now on follow the tide and not the clock. For some years the boat has touched the bottom whenever the lowest water fell together with a full load of passengers, and the captain has had enough of waiting on a sandbank with forty people who want to know why.
The new timetable is printed a month ahead and hangs at both landings. It looks odd at first, because no two days are alike, but those who live by the sea will know how to read it. Everyone else is advised to ask the captain, who will be glad to explain it, at length, if the weather is fine.`,
  ],
];

// Reports from the valley, for the pages whose trouble is not their text. Each is one sentence of every group; which one
// follows from a pair (x, y) by x + k y modulo 7, so two reports have at most one sentence in common.
const groups = [
  [
    'The {s} of {p} has been the talk of the valley for as long as anyone can remember, and it is not likely that the matter will be settled this year.',
    'Nobody in {p} could tell me who had built the {s}, but there were at least four people who were able to say who had not, and for what reasons.',
    'On the day that I came to see the {s}, all of {p} was out in the fields with rakes, because rain had been promised for the evening.',
    'There is a photograph of the {s} in the town hall of {p}, taken before the war, in which a boy and a large dog are looking the other way.',
    'If you ask for the {s} in {p} you will be sent to the baker, who keeps the key and does not part with it before noon.',
    'A society for the preservation of the {s} was founded in {p} last winter, and it has already split into two societies that do not greet each other.',
    'What strikes a visitor first about the {s} at {p} is how quiet it is there, as if someone had just finished speaking and was waiting for an answer.',
  ],
  [
    'I had been given an hour to look around, and it was more than enough, since most of what there was to see had been painted green and locked up.',
    'My guide, a retired sailor with one good ear, told its history twice over and in two different ways, and seemed to believe both of them.',
    'Inside there is a smell of apples and of wet rope, although no one has kept apples in it since the old steward died of a fever.',
    'The stone came from a quarry that has since been flooded, and on a clear morning you can still see the cranes standing under the water.',
    'According to the parish books it was struck by lightning three times within a month, after which the vicar refused to go anywhere near it.',
    'Twelve steps lead up to it and thirteen lead down again; the children count them over and over and have never been able to find the mistake.',
    'It leans a little toward the north, and those who work there have got into the habit of leaning a little toward the south.',
  ],
  [
    'An engineer who was called in from the city measured everything, shook his head, and sent a bill that the council is paying off to this day.',
    'Once a year the whole place is scrubbed by volunteers, who are rewarded with soup and with the right to ring the small bell.',
    'Swallows nest under the roof, and since it is held to be bad luck to disturb them, the door has not been closed between April and August.',
    'During the great frost eleven families lived in it together, and a few of the marks that they cut into the beams can still be read.',
    'The last owner left it to his horse, by a will that was contested for nine years and that made the fortune of two lawyers.',
    'A painter came for a week, stayed for thirty years, and left behind some hundreds of canvases that all show the same corner of the yard.',
    'There used to be a clock, but it was sold to pay for the new pump, and people say that time has gone more slowly ever since.',
  ],
  [
    'The mayor would like it to become a museum, the young people want to dance there, and the owners of the land hope that it will simply fall down.',
    'Some say that it should be lit at night, and others that anybody who needs light in order to find it has no business being there.',
    'When I asked what it was good for, an old woman laughed and said that this was the kind of question that only strangers had time for.',
    'Every proposal to repair it has been accepted by a large majority, and each time the money was needed for something else before work could begin.',
    'It appears on the map of the county with a wrong name, and letters that are addressed to that name have never failed to arrive.',
    'A film was to be made about it, until the director saw it in the rain and decided to make one about the inn instead.',
    'Schoolchildren are taken to see it in their second year, and most of them remember afterwards that there had been a goat.',
  ],
  [
    'I left by the evening train with a jar of honey in my bag that I had not asked for and did not know how to refuse.',
    'On the way back I lost the path twice, and was put right both times by the same man, who did not let on that he knew me.',
    'Before I could thank them they had gone back to their work, and the road lay empty in front of me down to the river.',
    'It was dark when I got home, and I found that I had drawn the thing from memory on the back of my ticket, roof and all.',
    'Should you ever pass that way, take a warm coat and something to read, and do not believe what is written on the sign.',
    'They asked me to write nothing about the well, and so I shall say only that it is deep and that the water is good.',
    'For my part I would leave everything as it is, and come again in ten years to see whether someone has at last mended the gate.',
  ],
];

/** Report number `n` of 49, in two paragraphs. */
export function report(n, subject, place) {
  const [x, y] = [n % 7, Math.floor(n / 7) % 7];
  const lines = groups.map((group, k) => group[(x + k * y) % 7].replaceAll('{s}', subject).replaceAll('{p}', place));
  return `${lines.slice(0, 3).join(' ')}\n${lines.slice(3).join(' ')}`;
}
