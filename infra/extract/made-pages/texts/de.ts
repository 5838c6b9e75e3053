// German.
import { readPack } from './pack.js';

export const de = readPack(`
# talk
Ich habe meine vor {n} Jahren gebraucht gekauft und hatte bis letzte Woche nie Ärger damit.
Schau mal nach der Schraube unter dem Deckel, bei den älteren löst sie sich gern.
Das habe ich alles schon probiert, geändert hat sich nichts.
Bei mir lag es am Ende nur an einem schmutzigen Kontakt.
Wenn du sie im März stark zurückschneidest, blühen sie im Herbst noch einmal.
Die Schnecken haben alles gefressen, deshalb ziehe ich sie dieses Jahr im Topf auf der Fensterbank.
Nach dem Update läuft es zwar wieder, aber die Uhr geht nach jedem Neustart eine Stunde falsch.
Ich will gar nicht sagen, dass das Gerät schlecht ist, nur ist es das Geld nicht wert, das sie dafür verlangen.
Entschuldige die späte Antwort, ich war übers Wochenende weg.
Das Ersatzteil bekommst du für weniger als {n} Euro, wenn du auf die Post warten kannst.
Die Abfahrt ist steil und voller loser Steine, also lass dir Zeit.
Ich schreibe mir vorher alle Einstellungen auf einen Zettel, bevor ich etwas ändere.
Dank {name} habe ich endlich die richtige Größe gefunden.
Das Holz muss mindestens zwei Sommer trocknen, bevor man etwas daraus bauen kann.
Der Händler meint, es habe sich noch nie jemand beschwert, was ich kaum glauben kann.
Es kommt darauf an, wofür du es brauchst und wie oft.
Meine Großmutter hat immer einen Löffel Essig ins Wasser gegeben, und ich mache das bis heute so.
Lies noch einmal die erste Seite, die Antwort steht im dritten Beitrag.
# news
Der Gemeinderat hat am Dienstag beschlossen, die alte Bücherei noch {n} Jahre offen zu halten.
Die Arbeiten dauerten länger als geplant, weil unter dem Küchenboden ein Brunnen zum Vorschein kam.
Verletzt wurde niemand, die Straße blieb aber den ganzen Nachmittag gesperrt.
Die Zahl der Menschen, die mit dem Rad zur Arbeit fahren, hat sich seit der Sperrung der Brücke verdoppelt.
Sie begann erst mit über sechzig zu malen, in einem Zimmer über der Bäckerei ihrer Tochter.
Die Bauern im Tal sagen, dass sie ein so trockenes Frühjahr noch nicht erlebt haben.
Die Bürgermeisterin sagte, die Stadt könne sich den Plan nicht leisten, den Verzicht darauf aber auch nicht.
Die Preise sind innerhalb eines Jahres um {n} Prozent gestiegen.
Es regnete, als der Zug mit zwei Stunden Verspätung endlich abfuhr.
Der Film erzählt von einem Uhrmacher, der sein Augenlicht verliert und nach Gehör weiterarbeitet.
Auf dem Hügel hinter dem Bahnhof steht ein Haus, das jeder kennt und das niemand je betreten hat.
Das Gericht will noch vor dem Sommer entscheiden.
# docs
Die Funktion gibt die Zahl der geschriebenen Bytes zurück oder einen negativen Wert, wenn der Strom geschlossen ist.
Öffnen Sie die Einstellungen und wählen Sie das Konto aus, das für neue Nachrichten benutzt werden soll.
Ohne weitere Angabe lauscht der Server auf Port 8080 der lokalen Schnittstelle.
Diese Option hat keine Wirkung, wenn der Zwischenspeicher abgeschaltet ist.
Wenn die Datei nicht existiert, wird sie mit den Rechten ihres Ordners angelegt.
Das folgende Beispiel zeigt, wie man eine Tabelle liest und die Summe einer Spalte ausgibt.
Der Wert null bedeutet, dass es keine Grenze gibt.
Mehrere Pfade sind erlaubt; sie werden in der angegebenen Reihenfolge durchsucht.
Fehler werden über den Rückgabewert gemeldet und in das Protokoll geschrieben.
# product
Das {item} ist für Menschen gemacht, die eine Sache lieber jahrelang benutzen, als sie jeden Winter zu ersetzen.
Der Rahmen ist aus einem einzigen Rohr geschweißt und wiegt weniger als {n} hundert Gramm.
Der Deckel schließt lautlos und hält den Inhalt bis zu {n} Stunden warm.
Alle Verschleißteile lassen sich zu Hause mit dem beiliegenden Schlüssel wechseln.
Der Griff ist aus Buche gedreht und zweimal geölt.
Von Hand in kaltem Wasser waschen und im Schatten trocknen.
Eine Ladung reicht für etwa {n} Tage.
# review
Ich benutze es seit einem Monat jeden Tag und bin sehr zufrieden.
Kam zwei Tage zu spät, aber es fehlte nichts.
Nach {n} Wochen kaputt, und der Laden antwortet nicht.
Macht, was es soll.
Die Farbe ist dunkler als auf dem Bild.
# comment
Danke für den Text, das ist die erste Erklärung, die ich verstanden habe.
Dem letzten Punkt kann ich überhaupt nicht zustimmen.
Gestern nachgemacht, alle wollten noch mehr.
Im zweiten Absatz ist ein Fehler, die Brücke wurde später gebaut.
Schöne Bilder!
In unserer Stadt war es genauso, gelernt hat daraus niemand etwas.
# legal
Wir speichern Ihre Daten nur so lange, wie wir sie für Ihre Bestellung brauchen.
Sie können Ihre Einwilligung jederzeit mit Wirkung für die Zukunft widerrufen.
Für den Inhalt fremder Seiten, auf die wir verweisen, haften wir nicht.
Sollte ein Teil dieser Bedingungen ungültig sein, so bleiben die übrigen in Kraft.
# company
Wir bauen Werkzeuge für kleine Betriebe und helfen ihnen, Kunden zu finden.
Unsere {n} Mitarbeiter arbeiten in zwei alten Scheunen am Fluss.
Kostenloser Versand ab {n} Euro Bestellwert.
Schreiben Sie uns, was Sie brauchen, und Sie bekommen binnen zwei Tagen ein Angebot.
# asks
Hat das sonst noch jemand?
Weiß jemand, wie das Teil heißt?
Lohnt sich die Reparatur noch?
Was mache ich falsch?
Welches von beiden würdet ihr nehmen?
# short
Danke!
+1
Bei mir auch.
Hat sich erledigt, danke an alle.
Nein.
Schieb.
Falsches Unterforum, verschoben.
Sehe ich genauso.
Bitte mit Bild
# greetings
Hallo zusammen,
Moin,
Guten Morgen,
Servus,
# thanks
Danke schon mal!
Viele Grüße
Gruß, Jürgen
Für jeden Tipp dankbar
# threads
Mahlendes Geräusch nach {n} Minuten
Welche Lampe für eine kleine Werkstatt?
{item} startet nach dem Update nicht mehr
Zeigt her eure Balkone
[gelöst] Kein Ton auf dem linken Kanal
Tomaten und später Frost
Was lest ihr gerade?
# headlines
Die alte Bücherei bleibt offen
Warum Brot Zeit braucht
Ein Haus, das niemand betritt
Die Brücke ist wieder gesperrt
Zehn Dinge für einen verregneten Sonntag
Ein Frühling ohne Regen
# headings
Überblick
Erste Schritte
Einrichtung
Beispiele
Fehlersuche
Geschichte
Einzelheiten
Grenzen
# kinds
Regenjacke
Schreibtischlampe
Wasserkessel
Rucksack
Werkbank
Brotmesser
# names
Jutta Brandt
Karl Osterloh
Miriam Vogt
Anton Huber
Lena Fries
Ute Sommer
# steps
Den Ofen auf 180 Grad vorheizen und die Form einfetten.
Eier und Zucker schaumig schlagen.
Das Mehl löffelweise unterheben.
{n} Minuten backen und in der Form auskühlen lassen.
Mit Salz und Pfeffer abschmecken.
# foods
{n} g Mehl
2 Eier
1 große Zwiebel, fein gehackt
eine Prise Salz
3 EL Olivenöl
{n} ml Milch
# specs
Gewicht: {n}0 g
Breite: {n} cm
Material: Stahl
Farbe: dunkelgrün
Garantie: 2 Jahre
Spannung: 230 V
# forums
Allgemeines
Werkstatt und Werkzeug
Garten und Balkon
Computer und Netze
Touren und Reisen
Biete und Suche
# places
Hafenstraße 12
Mühlweg 4
Bahnhofstraße 77
Am Markt 3
# verses
Die Lampe brennt, der Weg ist weiß,
und alles, was sich rührt, ist leis;
ich zähl die Fenster Haus um Haus
und lösch sie nacheinander aus.
Der Fluss behält, was man ihm sagt,
und trägt es fort, bevor es tagt.
`);
