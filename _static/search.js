// From disk a browser may not read the pages that a search has found: results show without excerpts there.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What is typed or pasted may be a symptom, or a message with other numbers than the book's: questions whose
// headings share most of its words come first. Sphinx by itself finds only pages that hold every word.
function questionsFor(query) {
  const { alltitles, docnames, filenames } = Search._index;
  const stemmer = new Stemmer();
  const wordsOf = (text) =>
    new Set(
      splitQuery(text.toLowerCase())
        .filter((word) => !stopwords.includes(word))
        .map((word) => stemmer.stemWord(word)),
    );
  const headings = Object.entries(alltitles).flatMap(([title, places]) =>
    places
      .filter(([page, anchor]) => docnames[page].startsWith("questions_") && anchor !== null)
      .map(([page, anchor]) => ({ title, page, anchor, words: wordsOf(title) })),
  );
  const headingsWith = new Map();
  for (const { words } of headings)
    for (const word of words) headingsWith.set(word, (headingsWith.get(word) || 0) + 1);
  // A word of few headings tells more than a word of many, and one that no heading has tells as little.
  const weight = (words) =>
    [...words].reduce((sum, word) => sum + Math.log(1 + headings.length / (headingsWith.get(word) || 30)), 0);
  // Numbers count where they are the same, as in "99 %", and else not at all.
  const isNumber = (word) => /^\d+$/.test(word);
  const asked = new Set([...wordsOf(query)].filter((word) => !isNumber(word) || headingsWith.has(word)));
  const found = [];
  for (const heading of headings) {
    const words = [...heading.words].filter((word) => !isNumber(word) || asked.has(word));
    const shared = weight(words.filter((word) => asked.has(word)));
    // Both count: that the heading is about what was asked, and that it leaves little of it out.
    const [ofQuery, ofHeading] = [shared / weight(asked), shared / weight(words)];
    if (shared > 0 && Math.max(ofQuery, ofHeading) > 0.6) found.push([ofQuery + ofHeading, heading]);
  }
  found.sort(([a], [b]) => b - a);
  return found
    .slice(0, 5)
    .map(([score, { title, page, anchor }]) => [docnames[page], title, `#${anchor}`, null, 100 + score, filenames[page]]);
}

document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return; // only the search page has it
  const search = Search._performSearch;
  Search._performSearch = (query, ...others) => {
    const questions = questionsFor(query);
    const places = new Set(questions.map(([page, , anchor]) => page + anchor));
    // Sphinx takes results from the end of the list.
    const rest = search(query, ...others).filter(([page, , anchor]) => !places.has(page + anchor));
    return [...rest, ...questions.reverse()];
  };
});
