// Reads a calendar from standard input and prints what ical.js makes of its events.
import { readFileSync } from "node:fs";
import ICAL from "./ical.mjs";

const written = (time) => (time.isDate ? time.toString() : time.toJSDate().toISOString());
const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
const events = calendar.getAllSubcomponents("vevent").map((component) => {
  const event = new ICAL.Event(component);
  return [event.uid, written(event.startDate), written(event.endDate), event.summary];
});
console.log(JSON.stringify(events));
