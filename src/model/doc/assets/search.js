// The search. Everything but it works without this script, which puts text on the page only
// as text.
(function () {
  "use strict";

  const LIMIT = 100;
  const form = document.getElementById("search");
  const input = form.elements.search;
  const results = document.getElementById("results");
  const main = document.getElementById("main");
  const root = document.body.dataset.root;
  const title = document.title;
  const entries = (window.witDocIndex || []).map(
    ([kind, name, container, href, summary]) => ({
      kind,
      name,
      container,
      href,
      summary,
      lower: name.toLowerCase(),
      path: (container + " " + name).toLowerCase(),
    })
  );

  // How well an entry fits all words, less is better; -1 if it does not.
  function rank(entry, words) {
    if (!words.every((word) => entry.path.includes(word))) {
      return -1;
    }
    const last = words[words.length - 1];
    const own = entry.lower.split(".").pop();
    if (entry.lower === last || own === last) {
      return 0;
    }
    if (own.startsWith(last)) {
      return 1;
    }
    if (entry.lower.includes(last)) {
      return 2;
    }
    return 3;
  }

  function find(query) {
    // `streams.read` and `wasi:io/streams` are words beside each other as well.
    const words = query.toLowerCase().split(/[\s.:/]+/).filter(Boolean);
    if (words.length === 0) {
      return [];
    }
    return entries
      .map((entry, at) => ({ entry, at, rank: rank(entry, words) }))
      .filter((found) => found.rank >= 0)
      .sort(
        (a, b) =>
          a.rank - b.rank ||
          a.entry.name.length - b.entry.name.length ||
          a.at - b.at
      )
      .map((found) => found.entry);
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  }

  function row(entry) {
    const link = element("a", "", "");
    link.href = root + entry.href;
    const name = element("code", "", "");
    name.append(
      element("span", "kind", entry.kind + " "),
      element("b", "", entry.name)
    );
    link.append(name, " ", element("span", "kind", entry.container));
    if (entry.summary) {
      link.append(element("span", "summary", entry.summary));
    }
    // The page of the link may be this one, below the results.
    link.addEventListener("click", () => show(""));
    const item = document.createElement("li");
    item.append(link);
    return item;
  }

  function show(query) {
    const isSearch = query.trim() !== "";
    results.hidden = !isSearch;
    main.hidden = isSearch;
    results.replaceChildren();
    document.title = isSearch ? query + " - search" : title;
    if (!isSearch) {
      return;
    }
    const found = find(query);
    const count =
      found.length === 0
        ? "Nothing found"
        : found.length === 1
          ? "1 result"
          : found.length + " results";
    const heading = element("h1", "", count);
    heading.setAttribute("role", "status");
    const list = document.createElement("ol");
    list.append(...found.slice(0, LIMIT).map(row));
    results.append(heading, list);
    if (found.length > LIMIT) {
      const text = "Only the first " + LIMIT + " are shown.";
      results.append(element("p", "kind", text));
    }
  }

  function remember(query) {
    const url = new URL(location.href);
    url.searchParams.delete("search");
    if (query) {
      url.searchParams.set("search", query);
    }
    try {
      history.replaceState(null, "", url);
    } catch {
      // Some browsers refuse it for files; the search works without it.
    }
  }

  // Moves the focus among the field and the results.
  function move(event, step) {
    const stops = [input, ...results.querySelectorAll("a")];
    const at = stops.indexOf(document.activeElement);
    const next = stops[at + step];
    if (at >= 0 && next) {
      event.preventDefault();
      next.focus();
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = results.querySelector("a");
    if (first) {
      first.click();
    }
  });
  input.addEventListener("input", () => {
    show(input.value);
    remember(input.value.trim());
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (event.key === "/" && document.activeElement !== input) {
      event.preventDefault();
      input.focus();
      input.select();
    } else if (event.key === "Escape" && !results.hidden) {
      input.value = "";
      show("");
      remember("");
    } else if (event.key === "ArrowDown" && !results.hidden) {
      move(event, 1);
    } else if (event.key === "ArrowUp" && !results.hidden) {
      move(event, -1);
    }
  });

  form.hidden = false;
  const asked = new URLSearchParams(location.search).get("search");
  if (asked) {
    input.value = asked;
    show(asked);
  }
})();
