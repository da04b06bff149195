//! What libtest prints, understood as far as it takes to go on where an
//! instance died.

/// What became of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passed.
    Passed,
    /// It failed, or took the instance with it.
    Failed,
    /// It was not run; this is also what libtest does to `#[should_panic]`
    /// where a panic cannot be caught.
    Ignored,
    /// It was a benchmark, and was measured.
    Measured,
}

impl Verdict {
    /// Reads the text after `test name ... `.
    fn of(text: &str) -> Option<Self> {
        // A time may follow, or the reason for ignoring.
        let word = text.split([' ', ',', ':']).next().unwrap_or(text);
        match word {
            "ok" => Some(Verdict::Passed),
            "FAILED" => Some(Verdict::Failed),
            "ignored" => Some(Verdict::Ignored),
            "bench" => Some(Verdict::Measured),
            _ => None,
        }
    }

    /// Reads the end of a line that may begin with what the test printed.
    fn at_end_of(line: &str) -> Option<Self> {
        let ends = [
            ("ok", Verdict::Passed),
            ("FAILED", Verdict::Failed),
            ("ignored", Verdict::Ignored),
        ];
        let found = ends.into_iter().find(|(word, _)| line.ends_with(word));
        found
            .map(|(_, verdict)| verdict)
            .or_else(|| Verdict::of(line))
    }
}

/// A line `test name ... rest`: the name with its annotations, and the rest.
fn test_line(line: &str) -> Option<(&str, &str)> {
    let (label, rest) = line.strip_prefix("test ")?.split_once(" ...")?;
    let one_word = !label.is_empty() && !bare(label).contains(' ');
    one_word.then(|| (label, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// A test's name without padding and annotations.
fn bare(label: &str) -> &str {
    let label = label.trim_end();
    ["should panic", "compile fail", "compile"]
        .iter()
        .find_map(|note| label.strip_suffix(note)?.strip_suffix(" - "))
        .unwrap_or(label)
}

/// A test and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its name, as filters take it.
    pub name: String,
    /// The verdict.
    pub verdict: Verdict,
}

/// What is to be shown of a line, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// At once, as it is.
    Line,
    /// The result of a test, so its line or its character.
    Result(Verdict),
    /// Later, or never: it is kept in [`Transcript::tail`].
    Later,
}

/// The output of an instance that runs many tests, read line by line.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    nocapture: bool,
    announced: Option<usize>,
    foreign: bool,
    outcomes: Vec<Outcome>,
    /// The test that runs, and the last thing it or libtest wrote.
    running: Option<(String, String)>,
    complete: bool,
    /// What followed the last result: details, names, the summary.
    pub tail: Vec<String>,
}

impl Transcript {
    /// Nothing read yet; where tests are not captured, what they print stands
    /// between the lines.
    pub fn new(nocapture: bool) -> Self {
        Transcript {
            nocapture,
            ..Transcript::default()
        }
    }

    /// Takes the next line.
    pub fn feed(&mut self, line: &str) -> Shown {
        let Some(announced) = self.announced else {
            if line.is_empty() || self.foreign {
                return Shown::Line;
            }
            self.announced = announcement(line);
            self.foreign = self.announced.is_none();
            return Shown::Line;
        };
        if line.starts_with("test result: ") {
            self.settle();
            self.complete = true;
        }
        if self.nocapture {
            self.feed_mixed(line);
            return Shown::Line;
        }
        if self.outcomes.len() >= announced {
            self.tail.push(line.to_string());
            return Shown::Later;
        }
        let Some((label, rest)) = test_line(line) else {
            return Shown::Line;
        };
        match Verdict::of(rest) {
            Some(verdict) => {
                self.outcomes.push(Outcome {
                    name: bare(label).to_string(),
                    verdict,
                });
                Shown::Result(verdict)
            }
            None => {
                self.running = Some((bare(label).to_string(), String::new()));
                Shown::Later
            }
        }
    }

    fn feed_mixed(&mut self, line: &str) {
        if let Some((label, rest)) = test_line(line) {
            self.settle();
            self.running = Some((bare(label).to_string(), rest.to_string()));
        } else if let Some((_, last)) = &mut self.running {
            // Empty lines follow the last result.
            if !line.is_empty() {
                *last = line.to_string();
            }
        }
    }

    /// The test that was running has ended, since something followed it.
    fn settle(&mut self) {
        if let Some((name, last)) = self.running.take() {
            // Where the verdict cannot be read, the summary still counts it.
            let verdict = Verdict::at_end_of(&last).unwrap_or(Verdict::Passed);
            self.outcomes.push(Outcome { name, verdict });
        }
    }

    /// Whether this is no libtest at all.
    pub fn is_foreign(&self) -> bool {
        self.announced.is_none()
    }

    /// Whether libtest came to its summary.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The tests that have ended.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// The test during which the instance died.
    pub fn died_in(&self) -> Option<&str> {
        self.running.as_ref().map(|(name, _)| name.as_str())
    }
}

/// Reads `running 3 tests`.
fn announcement(line: &str) -> Option<usize> {
    let (count, noun) = line.strip_prefix("running ")?.split_once(' ')?;
    matches!(noun, "test" | "tests").then(|| count.parse().ok())?
}

/// The names in the output of `--list`.
pub fn listed(lines: &[String]) -> Vec<String> {
    let name = |line: &String| {
        let name = line.strip_suffix(": test");
        name.or_else(|| line.strip_suffix(": benchmark"))
            .map(str::to_string)
    };
    lines.iter().filter_map(name).collect()
}

/// The output of an instance that ran one test, uncaptured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alone {
    /// What became of it; `None` where the instance died.
    pub verdict: Option<Verdict>,
    /// From its name to its verdict.
    pub lines: Vec<String>,
    /// What it printed, without what libtest put around it.
    pub printed: Vec<String>,
}

impl Alone {
    /// Understands `lines`, the output of an instance told to run `name`.
    pub fn read(name: &str, lines: &[String]) -> Self {
        let start = lines
            .iter()
            .position(|line| test_line(line).is_some_and(|(label, _)| bare(label) == name));
        let mut own: Vec<String> = lines[start.unwrap_or(lines.len())..].to_vec();
        let summary = own
            .iter()
            .rposition(|line| line.starts_with("test result: "));
        let verdict = summary.and_then(|at| only_verdict(&own[at]));
        if let Some(at) = summary {
            let last = own[..at]
                .iter()
                .rposition(|line| Verdict::at_end_of(rest_of(line)).is_some());
            own.truncate(last.map_or(at, |last| last + 1));
        }
        let mut printed: Vec<String> = own.clone();
        if let Some(first) = printed.first_mut() {
            *first = rest_of(first).to_string();
        }
        if verdict.is_some()
            && let Some(last) = printed.last_mut()
        {
            let words = ["ok", "FAILED"];
            let cut = words.iter().find_map(|word| last.strip_suffix(word));
            *last = cut.unwrap_or_default().to_string();
        }
        while printed.last().is_some_and(|line| line.trim().is_empty()) {
            printed.pop();
        }
        while printed.first().is_some_and(|line| line.trim().is_empty()) {
            printed.remove(0);
        }
        Alone {
            verdict,
            lines: own,
            printed,
        }
    }
}

/// A line without a `test name ... ` it may begin with.
fn rest_of(line: &str) -> &str {
    test_line(line).map_or(line, |(_, rest)| rest)
}

/// The verdict of the one test a summary counts.
fn only_verdict(summary: &str) -> Option<Verdict> {
    let counts = summary.split(['.', ';']).map(str::trim);
    counts.into_iter().find_map(|count| match count {
        "1 passed" => Some(Verdict::Passed),
        "1 failed" => Some(Verdict::Failed),
        "1 ignored" => Some(Verdict::Ignored),
        "1 measured" => Some(Verdict::Measured),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(nocapture: bool, text: &str) -> (Transcript, Vec<Shown>) {
        let mut transcript = Transcript::new(nocapture);
        let shown = text.lines().map(|line| transcript.feed(line)).collect();
        (transcript, shown)
    }

    fn verdicts(transcript: &Transcript) -> Vec<(&str, Verdict)> {
        let outcomes = transcript.outcomes().iter();
        outcomes.map(|o| (o.name.as_str(), o.verdict)).collect()
    }

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_string).collect()
    }

    #[test]
    fn a_whole_run_is_read_with_its_tail_kept() {
        let (run, shown) = transcript(
            false,
            "\nrunning 4 tests\ntest a ... ok\ntest b - should panic ... ignored\n\
             test c ... ignored, slow\ntest d ... FAILED\n\nfailures:\n\ntest result: FAILED. 1 passed\n\n",
        );
        assert!(run.is_complete() && !run.is_foreign());
        assert_eq!(
            verdicts(&run),
            [
                ("a", Verdict::Passed),
                ("b", Verdict::Ignored),
                ("c", Verdict::Ignored),
                ("d", Verdict::Failed)
            ]
        );
        assert_eq!(shown[2], Shown::Result(Verdict::Passed));
        assert_eq!(run.tail[0], "");
        assert_eq!(run.died_in(), None);
    }

    #[test]
    fn the_test_an_instance_died_in_is_the_one_without_a_verdict() {
        let (run, _) = transcript(false, "\nrunning 3 tests\ntest a ... ok\ntest b ... ");
        assert!(!run.is_complete());
        assert_eq!(run.died_in(), Some("b"));
        assert_eq!(verdicts(&run), [("a", Verdict::Passed)]);
    }

    #[test]
    fn output_between_the_lines_does_not_confuse() {
        let (run, shown) = transcript(
            true,
            "\nrunning 4 tests\ntest a ... out of a\nok\ntest b ... no newlineok\n\
             test c ... ignored, slow\ntest d ... out of d",
        );
        assert_eq!(
            verdicts(&run),
            [
                ("a", Verdict::Passed),
                ("b", Verdict::Passed),
                ("c", Verdict::Ignored)
            ]
        );
        assert_eq!(run.died_in(), Some("d"));
        assert!(shown.iter().all(|shown| *shown == Shown::Line));
    }

    #[test]
    fn benchmarks_are_padded_and_measured() {
        let (run, _) = transcript(
            false,
            "\nrunning 2 tests\ntest long_name ... bench:       1,234 ns/iter (+/- 5)\n\
             test short     ... bench:          12 ns/iter (+/- 1)\n\ntest result: ok. 0 passed",
        );
        assert_eq!(
            verdicts(&run),
            [
                ("long_name", Verdict::Measured),
                ("short", Verdict::Measured)
            ]
        );
    }

    #[test]
    fn another_harness_is_left_alone() {
        let (run, shown) = transcript(false, "hello\nrunning 3 tests\ntest a ... ok");
        assert!(run.is_foreign());
        assert!(shown.iter().all(|shown| *shown == Shown::Line));
        assert!(Transcript::new(false).is_foreign());
    }

    #[test]
    fn a_list_has_tests_and_benchmarks() {
        let list = lines("m::a: test\nm::b: benchmark\n\n1 test, 1 benchmark");
        assert_eq!(listed(&list), ["m::a", "m::b"]);
    }

    #[test]
    fn a_lonely_test_tells_what_it_printed() {
        let alone = Alone::read(
            "m::a",
            &lines(
                "\nrunning 1 test\ntest m::a ... one\ntwook\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 11 filtered out",
            ),
        );
        assert_eq!(alone.verdict, Some(Verdict::Passed));
        assert_eq!(alone.printed, ["one", "two"]);
        assert_eq!(alone.lines, ["test m::a ... one", "twook"]);

        let alone = Alone::read(
            "a",
            &lines("\nrunning 1 test\ntest a ... \nthread panicked"),
        );
        assert_eq!(alone.verdict, None);
        assert_eq!(alone.printed, ["thread panicked"]);

        let alone = Alone::read(
            "a",
            &lines(
                "\nrunning 1 test\ntest a - should panic ... ignored\n\ntest result: ok. 0 passed; 0 failed; 1 ignored; 0 measured",
            ),
        );
        assert_eq!(alone.verdict, Some(Verdict::Ignored));
        assert_eq!(alone.lines, ["test a - should panic ... ignored"]);

        let alone = Alone::read(
            "a",
            &lines(
                "\nrunning 1 test\ntest a ... Error: \"bad\"\nFAILED\n\nfailures:\n\nfailures:\n    a\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored",
            ),
        );
        assert_eq!(alone.verdict, Some(Verdict::Failed));
        assert_eq!(alone.printed, ["Error: \"bad\""]);
    }
}
