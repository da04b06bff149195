//! Reads the output of libtest, as far as it takes to continue after an instance
//! crashed.

/// The verdict on one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The test has passed.
    Passed,
    /// The test failed, or crashed its instance.
    Failed,
    /// The test was not run, as libtest does with `#[should_panic]` where a panic
    /// cannot be caught.
    Ignored,
    /// The benchmark has been measured.
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
    let one_word = !label.is_empty() && !test_name(label).contains(' ');
    one_word.then(|| (label, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// The name of a test, without padding and annotations.
fn test_name(label: &str) -> &str {
    let label = label.trim_end();
    ["should panic", "compile fail", "compile"]
        .iter()
        .find_map(|note| label.strip_suffix(note)?.strip_suffix(" - "))
        .unwrap_or(label)
}

/// A test and its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestOutcome {
    /// The name of the test, as filters take it.
    pub name: String,
    /// The verdict on the test.
    pub verdict: Verdict,
}

/// What to do with a line of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineAction {
    /// Print the line as it is.
    Print,
    /// Print the line of a test with this verdict, or its character.
    Result(Verdict),
    /// Print nothing yet; the line may be in [`Transcript::tail`].
    Defer,
}

/// The output of an instance that runs many tests, read line by line.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    nocapture: bool,
    announced: Option<usize>,
    other_harness: bool,
    outcomes: Vec<TestOutcome>,
    /// The test that runs, and the last line that it or libtest wrote.
    running: Option<(String, String)>,
    complete: bool,
    /// The lines after the last verdict: details, names, the summary.
    pub tail: Vec<String>,
}

impl Transcript {
    /// A transcript of which nothing has been read. With `nocapture` the output of
    /// tests is between the lines.
    pub fn new(nocapture: bool) -> Self {
        Transcript {
            nocapture,
            ..Transcript::default()
        }
    }

    /// Reads the next line.
    pub fn feed(&mut self, line: &str) -> LineAction {
        let Some(announced) = self.announced else {
            if line.is_empty() || self.other_harness {
                return LineAction::Print;
            }
            self.announced = announcement(line);
            self.other_harness = self.announced.is_none();
            return LineAction::Print;
        };
        if line.starts_with("test result: ") {
            self.finish_running_test();
            self.complete = true;
        }
        if self.nocapture {
            self.feed_uncaptured(line);
            return LineAction::Print;
        }
        if self.outcomes.len() >= announced {
            self.tail.push(line.to_string());
            return LineAction::Defer;
        }
        let Some((label, rest)) = test_line(line) else {
            return LineAction::Print;
        };
        match Verdict::of(rest) {
            Some(verdict) => {
                self.outcomes.push(TestOutcome {
                    name: test_name(label).to_string(),
                    verdict,
                });
                LineAction::Result(verdict)
            }
            None => {
                self.running = Some((test_name(label).to_string(), String::new()));
                LineAction::Defer
            }
        }
    }

    fn feed_uncaptured(&mut self, line: &str) {
        if let Some((label, rest)) = test_line(line) {
            self.finish_running_test();
            self.running = Some((test_name(label).to_string(), rest.to_string()));
        } else if let Some((_, last)) = &mut self.running {
            // Empty lines follow the last result.
            if !line.is_empty() {
                *last = line.to_string();
            }
        }
    }

    /// Records the running test as ended, since another line followed it.
    fn finish_running_test(&mut self) {
        if let Some((name, last)) = self.running.take() {
            // If the verdict cannot be read, the summary still counts the test.
            let verdict = Verdict::at_end_of(&last).unwrap_or(Verdict::Passed);
            self.outcomes.push(TestOutcome { name, verdict });
        }
    }

    /// Whether the output is not that of libtest.
    pub fn is_other_harness(&self) -> bool {
        self.announced.is_none()
    }

    /// Whether the summary of libtest was read.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The tests that have ended, in order.
    pub fn outcomes(&self) -> &[TestOutcome] {
        &self.outcomes
    }

    /// The name of the test that ran when the instance crashed.
    pub fn crashed_test(&self) -> Option<&str> {
        self.running.as_ref().map(|(name, _)| name.as_str())
    }
}

/// Reads `running 3 tests`.
fn announcement(line: &str) -> Option<usize> {
    let (count, noun) = line.strip_prefix("running ")?.split_once(' ')?;
    matches!(noun, "test" | "tests").then(|| count.parse().ok())?
}

/// The names of tests in the output of `--list`.
pub fn parse_list(lines: &[String]) -> Vec<String> {
    let name = |line: &String| {
        let name = line.strip_suffix(": test");
        name.or_else(|| line.strip_suffix(": benchmark"))
            .map(str::to_string)
    };
    lines.iter().filter_map(name).collect()
}

/// The output of an instance that ran one test without capturing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleTestRun {
    /// The verdict on the test; `None` if the instance crashed.
    pub verdict: Option<Verdict>,
    /// The lines from its name to its verdict.
    pub lines: Vec<String>,
    /// The output of the test, without that of libtest.
    pub printed: Vec<String>,
}

impl SingleTestRun {
    /// Reads `lines`, the output of an instance that ran the test `name`.
    pub fn read(name: &str, lines: &[String]) -> Self {
        let start = lines
            .iter()
            .position(|line| test_line(line).is_some_and(|(label, _)| test_name(label) == name));
        let mut own: Vec<String> = lines[start.unwrap_or(lines.len())..].to_vec();
        let summary = own
            .iter()
            .rposition(|line| line.starts_with("test result: "));
        let verdict = summary.and_then(|at| only_verdict(&own[at]));
        if let Some(at) = summary {
            let last = own[..at]
                .iter()
                .rposition(|line| Verdict::at_end_of(without_label(line)).is_some());
            own.truncate(last.map_or(at, |last| last + 1));
        }
        let mut printed: Vec<String> = own.clone();
        if let Some(first) = printed.first_mut() {
            *first = without_label(first).to_string();
        }
        if verdict.is_some()
            && let Some(last) = printed.last_mut()
        {
            let words = ["ok", "FAILED"];
            let before_verdict = words.iter().find_map(|word| last.strip_suffix(word));
            *last = before_verdict.unwrap_or_default().to_string();
        }
        while printed.last().is_some_and(|line| line.trim().is_empty()) {
            printed.pop();
        }
        while printed.first().is_some_and(|line| line.trim().is_empty()) {
            printed.remove(0);
        }
        SingleTestRun {
            verdict,
            lines: own,
            printed,
        }
    }
}

/// A line without a `test name ... ` that it may begin with.
fn without_label(line: &str) -> &str {
    test_line(line).map_or(line, |(_, rest)| rest)
}

/// The verdict on the only test that a summary counts.
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

    fn transcript(nocapture: bool, text: &str) -> (Transcript, Vec<LineAction>) {
        let mut transcript = Transcript::new(nocapture);
        let actions = text.lines().map(|line| transcript.feed(line)).collect();
        (transcript, actions)
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
        let (run, actions) = transcript(
            false,
            "\nrunning 4 tests\ntest a ... ok\ntest b - should panic ... ignored\n\
             test c ... ignored, slow\ntest d ... FAILED\n\nfailures:\n\ntest result: FAILED. 1 passed\n\n",
        );
        assert!(run.is_complete() && !run.is_other_harness());
        assert_eq!(
            verdicts(&run),
            [
                ("a", Verdict::Passed),
                ("b", Verdict::Ignored),
                ("c", Verdict::Ignored),
                ("d", Verdict::Failed)
            ]
        );
        assert_eq!(actions[2], LineAction::Result(Verdict::Passed));
        assert_eq!(run.tail[0], "");
        assert_eq!(run.crashed_test(), None);
    }

    #[test]
    fn the_test_an_instance_died_in_is_the_one_without_a_verdict() {
        let (run, _) = transcript(false, "\nrunning 3 tests\ntest a ... ok\ntest b ... ");
        assert!(!run.is_complete());
        assert_eq!(run.crashed_test(), Some("b"));
        assert_eq!(verdicts(&run), [("a", Verdict::Passed)]);
    }

    #[test]
    fn output_between_the_lines_does_not_confuse() {
        let (run, actions) = transcript(
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
        assert_eq!(run.crashed_test(), Some("d"));
        assert!(actions.iter().all(|actions| *actions == LineAction::Print));
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
        let (run, actions) = transcript(false, "hello\nrunning 3 tests\ntest a ... ok");
        assert!(run.is_other_harness());
        assert!(actions.iter().all(|actions| *actions == LineAction::Print));
        assert!(Transcript::new(false).is_other_harness());
    }

    #[test]
    fn a_list_has_tests_and_benchmarks() {
        let list = lines("m::a: test\nm::b: benchmark\n\n1 test, 1 benchmark");
        assert_eq!(parse_list(&list), ["m::a", "m::b"]);
    }

    #[test]
    fn a_lonely_test_tells_what_it_printed() {
        let single = SingleTestRun::read(
            "m::a",
            &lines(
                "\nrunning 1 test\ntest m::a ... one\ntwook\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 11 filtered out",
            ),
        );
        assert_eq!(single.verdict, Some(Verdict::Passed));
        assert_eq!(single.printed, ["one", "two"]);
        assert_eq!(single.lines, ["test m::a ... one", "twook"]);

        let single = SingleTestRun::read(
            "a",
            &lines("\nrunning 1 test\ntest a ... \nthread panicked"),
        );
        assert_eq!(single.verdict, None);
        assert_eq!(single.printed, ["thread panicked"]);

        let single = SingleTestRun::read(
            "a",
            &lines(
                "\nrunning 1 test\ntest a - should panic ... ignored\n\ntest result: ok. 0 passed; 0 failed; 1 ignored; 0 measured",
            ),
        );
        assert_eq!(single.verdict, Some(Verdict::Ignored));
        assert_eq!(single.lines, ["test a - should panic ... ignored"]);

        let single = SingleTestRun::read(
            "a",
            &lines(
                "\nrunning 1 test\ntest a ... Error: \"bad\"\nFAILED\n\nfailures:\n\nfailures:\n    a\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored",
            ),
        );
        assert_eq!(single.verdict, Some(Verdict::Failed));
        assert_eq!(single.printed, ["Error: \"bad\""]);
    }
}
