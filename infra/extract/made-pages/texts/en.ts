// English.
import { readPack } from './pack.js';

export const en = readPack(`
# talk
I bought mine second hand {n} years ago and it has never given me any trouble until last week.
It starts fine in the morning, but after about {n} minutes it begins to make a grinding noise.
Have a look at the bolt under the cover, because on the older ones it works loose.
I would not do that if I were you, since the part is made of plastic and breaks easily.
As far as I remember the manual says to wait until it has cooled down completely.
My neighbour had the same problem and in the end it was just a dirty contact.
I tried all of that already and nothing changed.
That is exactly what I was looking for, I only wish somebody had told me before I took the whole thing apart.
You can get the spare part for less than {n} dollars if you are willing to wait for the post.
Sorry for the late answer, I was away over the weekend and had no connection.
The update fixed it for me, but now the clock is wrong by an hour every time I switch it on.
Just to be clear, I am not saying it is a bad machine, only that it is not worth the money they ask for it.
We planted ours along the south wall, and they did much better there than in the open bed.
If you cut them back hard in March they will flower again in the autumn.
Slugs ate every one of mine, so this year I am growing them in pots on the windowsill.
I have been riding the same route for years and never saw that path before.
The descent is steep and full of loose stones, so take your time and keep your weight back.
There is a small place near the bridge where you can get coffee and fill your bottles.
What I do is write the settings down on a piece of paper before I change anything.
Then I reinstalled everything from scratch, copied my files back, and it has been running ever since.
It depends on what you want to use it for and how often.
Somebody in another thread said that the new version drops support for the older cards, can anyone confirm that?
I measured it twice and got {n} millimetres both times, so I think the drawing is wrong.
The wood has to dry for at least two summers before you can make anything out of it.
Please do not send me private messages about this, post it here so that others can read it too.
I soaked the pan overnight and most of it came off, the rest I had to scrape with a wooden spoon.
My grandmother used to put a spoon of vinegar in the water, and I still do it without knowing why.
With the lamp switched off there is no noise at all, which makes me think it is the transformer.
Thanks to {name} I finally found the right size, it is the one with the short thread.
The dealer told me that nobody has ever complained about it, which I find hard to believe.
Read the first page of this topic again, the answer is in the third post.
I have to say that the people there were very friendly and even lent me a pump.
Unfortunately the pictures are gone, because the old host deleted everything.
After the second coat it looked much better, and by the end of the week you could not see the scratch any more.
It is a bit of a lottery, some of them last for ten years and some of them for ten days.
I sold the old one to a student who came by train and carried it away on his back.
# news
The council voted on Tuesday to keep the old library open for another {n} years.
Visitors will be able to see the restored rooms from the beginning of next month.
The work took longer than planned because the builders found a well under the floor of the kitchen.
According to the report, the number of people who come to work by bicycle has doubled since the bridge was closed.
Nobody was hurt, but the road stayed closed for most of the afternoon.
The museum owns about {n} of the letters, and it hopes to buy the rest at an auction in the spring.
She began to paint when she was past sixty, in a room above her daughter's bakery.
Farmers in the valley say that they have not seen such a dry spring since they took over from their parents.
The team lost its first four games and then did not lose again until the end of the season.
Prices have risen by {n} per cent within a year, and the shops on the square say their customers feel it.
In the village hall they still keep the bell that used to call the men from the quarry.
Experts disagree about what ought to be done, though all of them say that waiting is the worst choice.
The mayor said that the town could not afford the plan, but that it could not afford to give it up either.
For a long time the island had no harbour, and whatever was needed had to be rowed ashore.
Researchers followed {n} families over ten years and asked them every month what they had eaten.
It was raining when the train finally left, two hours late and with half of its lights out.
What began as a joke between two friends has become a business with {n} employees.
The film tells the story of a clockmaker who loses his sight and goes on working by ear.
Critics praised the second half and called the first one too long by an hour.
The ferry will run every hour until the end of September, and after that only at weekends.
On the hill behind the station stands a house that everybody in town knows and nobody has ever entered.
The court is expected to decide before the summer, and both sides say they will accept whatever it rules.
# docs
The function returns the number of bytes that were written, or a negative value if the stream is closed.
Open the settings and choose the account that you want to use for new messages.
By default the server listens on port 8080 of the local interface only.
This option has no effect when the cache is disabled.
Each entry of the list is a record with a name, a type and an optional default value.
Call this method before the first frame is drawn, otherwise the size of the window is not known yet.
If the file does not exist, it is created with the permissions of its folder.
The parser reads one token at a time and never looks back, so its memory use does not depend on the length of the input.
You can pass several paths; they are searched in the order in which they are given.
Names are compared without regard to case, but they are stored the way you wrote them.
To install the package, run the following command in the root of your project.
The following example shows how to read a table and print the sum of a column.
A value of zero means that there is no limit.
Errors are reported through the return code, and a message is written to the log.
This class is not safe for use by several threads at once.
Since version {n} the old name is still accepted but prints a warning.
When the connection is lost, the client waits for a second and tries again, at most five times.
The keys are sorted before they are written, which makes the output easy to compare.
Use a plain string here unless you need to refer to a variable of the environment.
See the chapter on plugins for a complete list of the hooks.
It is an error to close a handle twice.
# product
The {item} is made for people who would rather use a thing for years than replace it every winter.
Its frame is welded from a single tube and weighs less than {n} hundred grams.
The lid closes without a sound and keeps the contents warm for up to {n} hours.
A soft lining protects what you carry, and two pockets keep small things within reach.
All parts that wear out can be changed at home with the key that comes in the box.
We make it in small batches in our own workshop from wool that is spun a few miles away.
The display can be read in bright sunlight and dims by itself at night.
It fits on a shelf of ordinary depth and needs no more than one socket.
Wash it by hand in cold water and let it dry in the shade.
The handle is turned from beech and oiled twice, so that it lies well in a wet hand.
One charge lasts for about {n} days of normal use.
Whether you are on the road or at your desk, it is ready as soon as you open it.
# review
I have used it every day for a month and I am very happy with it.
It arrived two days late and the box was open, but nothing was missing.
Good value for the money, although the colour is darker than in the picture.
Broke after {n} weeks, and the shop did not answer my mails.
My daughter loves it and takes it everywhere.
Does what it should, no more and no less.
The instructions are useless, but you will work it out by yourself.
Would buy again.
# comment
Thank you for writing this, it is the first explanation that I have understood.
I do not agree with the last point at all.
What about those of us who cannot afford a new one?
I made this yesterday and everybody asked for more.
There is a mistake in the second paragraph, the bridge was built later than that.
Great article, I am looking forward to the next part.
The same thing happened in our town and nobody learned anything from it.
You forgot to mention that it is closed on Mondays.
Nice pictures!
I have been reading this site for years and this is the first time I write something.
# legal
We keep your data only as long as we need it to fulfil your order.
You may withdraw your consent at any time with effect for the future.
These terms apply to all orders that are placed through this site.
The operator is not liable for the content of other sites to which this site links.
If a part of these terms is found to be invalid, the other parts remain in force.
You have the right to know which data about you we have stored.
# company
We build tools for small workshops and help their owners to find customers.
Our team of {n} people works from two old barns by the river.
Free delivery on all orders over {n} dollars.
Since 1987 we have been the partner of schools and clubs in the region.
Tell us what you need and we will send you an offer within two days.
Every month we send a letter with new things and a few good stories.
Our customers stay with us for {n} years on average, and we are proud of it.
We answer every message ourselves, usually on the same day.
# asks
Has anyone else seen this?
Does anybody know what this part is called?
Is it worth repairing, or should I look for a new one?
Which of the two would you take?
What am I doing wrong?
How long does yours last?
Can I mix the two without damaging the seal?
Where did you get yours?
# short
Thanks!
+1
Same here.
Try turning it off and on again.
Any news?
Bump.
Solved, thank you all.
No.
What he said.
Nice one
I think so too.
lol
Welcome to the forum!
Wrong section, moved.
Great, I will try that tonight.
Pics please
# greetings
Hi all,
Hello everyone, first post here.
Good morning,
Hey folks,
Dear members,
# thanks
Thanks in advance!
Any help is appreciated.
Cheers, Tom
Best regards
Greetings from the coast
Thank you for your time
# threads
Grinding noise after {n} minutes
Which lamp for a small workshop?
{item} does not start after the update
Show us your balcony
How to get rust off an old frame
Best route along the river?
[SOLVED] No sound on the left channel
Need advice: {item} or something older?
Tomatoes and late frost
What are you reading at the moment?
Strange smell from the power supply
Where to store wet boots
# headlines
Old library stays open
The clockmaker who worked by ear
Why bread needs time
Ferry to run all summer
A house that nobody enters
Ten things to do on a wet Sunday
How the valley lost its mills
The bridge is closed again
What a good knife is worth
Letters found under a floor
A spring without rain
Six walks near the station
# headings
Overview
Getting started
Installation
Configuration
Usage
Options
Examples
Limits
Troubleshooting
Background
Next steps
History
Security
Upgrading
Our story
Details
# kinds
Rain jacket
Desk lamp
Kettle
Rucksack
Work bench
Wool blanket
Bread knife
Road bike
Watering can
Wall clock
# names
Edith Marlow
Tom Barrow
Nora Finch
Samuel Okoye
Grace Linden
Peter Aldous
Mina Clarke
Hugh Tanner
Ruth Abel
Owen Price
# steps
Heat the oven to 180 degrees and butter the tin.
Whisk the eggs with the sugar until they are pale.
Fold in the flour a spoon at a time.
Bake for {n} minutes, then let it cool in the tin.
Chop the onions finely and fry them over a low heat.
Add the stock, bring it to the boil and cover the pan.
Season with salt and pepper and serve at once.
Knead the dough for ten minutes and leave it in a warm place.
# foods
{n} g flour
2 eggs
1 large onion, finely chopped
a pinch of salt
3 tbsp olive oil
{n} ml milk
half a lemon
1 tsp dried thyme
2 cloves of garlic
butter for the tin
# specs
Weight: {n}0 g
Width: {n} cm
Material: steel
Colour: dark green
Battery: {n} hours
Warranty: 2 years
Voltage: 230 V
Country of origin: Portugal
Washable: by hand
Capacity: {n} l
# forums
General talk
Workshop and tools
Garden and balcony
Computers and networks
Tours and travel
Buy and sell
News of the site
# places
Harbour Street 12
Mill Lane 4
Station Road 77
Old Market 3
Bridge End 9
# verses
The lamp is low, the road is white,
and nothing moves but snow and light;
I count the windows one by one
and put them out till there is none.
The river keeps what it was told
and carries it to salt and cold.
O little boat, O paper sail,
who taught you to outlive the gale?
We sang it once, we sing it still,
the mill is gone, the song's a mill.
Come back, come back, the kettle said,
the moon has gone to the neighbour's bed.
`);
