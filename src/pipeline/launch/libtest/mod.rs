//! Drives a test or bench executable that was made a component.
//!
//! A panic ends a wasm instance, and with it everything libtest has in memory.
//! So all tests start in one instance; where it dies, the test it died in has
//! failed, and every test that is left runs in an instance of its own, so that
//! each is reported once. What a failed test had printed died with the
//! instance too: those that failed in the first one are run again, alone and
//! uncaptured, for the sake of their message; their verdict stays.
//!
//! The line `test result:` comes once, at the end; the exit code is libtest's
//! 101 after a failure. `#[should_panic]` is reported as ignored by libtest
//! itself, since on wasm it cannot see a panic and live on.
//!
//! An executable with a harness of its own is run as it is, with its exit code;
//! so is libtest where it is asked for a list, for help, or for output that
//! programs read (`--format json`), in which case the tests after one that
//! took the instance with it are not run.

mod options;
mod transcript;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use crate::base::error::{Error, Result};
use crate::system::context::Context;
use crate::system::runtime::{Captured, Ended, Grant, Interrupts, Program, Runner};
use crate::system::shell::{Message, Shell};

use self::options::Options;
use self::transcript::{Alone, Outcome, Shown, Transcript, Verdict, listed};

/// The exit code of libtest after a failure.
const FAILED: i32 = 101;

/// How many characters a line of terse output has.
const TERSE_COLUMNS: usize = 88;

/// Runs the executable at `component`; `grant.args` are the arguments after
/// `--` of `cargo test`. The exit code is 0 if all is well.
pub fn run(context: &Context, runner: &Runner, component: &Path, grant: &Grant) -> Result<i32> {
    let exec = context.exec.as_ref();
    let program = Program::open(runner, exec, component, Interrupts::of(grant))?;
    drive(program, grant, context.shell.as_ref())
}

fn drive(program: Program<'_>, grant: &Grant, shell: &dyn Shell) -> Result<i32> {
    let options = Options::read(&grant.args, &grant.env);
    if options.untouched {
        return Ok(told(shell, program.run(grant)?));
    }
    Harness {
        program,
        options,
        grant,
        shell,
        column: 0,
    }
    .run()
}

/// Says why it trapped, if it did; its exit code.
fn told(shell: &dyn Shell, ended: Ended) -> i32 {
    if let Some(fault) = ended.fault {
        shell.say(Message::Error(fault));
    }
    if let Some(missed) = ended.missed {
        shell.say(Message::Warning(missed));
    }
    ended.code
}

struct Harness<'a> {
    program: Program<'a>,
    options: Options,
    grant: &'a Grant,
    shell: &'a dyn Shell,
    /// How many characters stand in the line of terse output.
    column: usize,
}

/// What the end tells of a failed test.
struct Failure {
    name: String,
    printed: Vec<String>,
}

impl Harness<'_> {
    fn run(mut self) -> Result<i32> {
        let started = Instant::now();
        let mut transcript = Transcript::new(self.options.nocapture);
        let grant = self.grant.with_args(self.options.first.clone());
        let mut column = self.column;
        let (shell, terse) = (self.shell, self.options.terse);
        let ended = self.program.lines(&grant, Captured::Stdout, &mut |line| {
            match transcript.feed(line) {
                Shown::Line => shell.data(line.to_string()),
                Shown::Result(verdict) if terse => mark(shell, verdict, &mut column)?,
                Shown::Result(_) => shell.data(line.to_string()),
                Shown::Later => {}
            }
            Ok(())
        })?;
        self.column = column;
        if transcript.is_foreign() {
            return Ok(told(shell, ended));
        }
        if transcript.is_complete() {
            self.end_line()?;
            for line in transcript.tail {
                shell.data(line);
            }
            return Ok(told(shell, ended));
        }
        self.go_on(&transcript, ended, started)
    }

    /// Reports what the first instance left open.
    fn go_on(&mut self, first: &Transcript, ended: Ended, started: Instant) -> Result<i32> {
        let mut outcomes = first.outcomes().to_vec();
        let asked_for = self.list(self.options.listing())?;
        let total = self.list(vec!["--list".to_string()])?.len();
        let mut failures = Vec::new();
        match first.died_in() {
            Some(name) => {
                outcomes.push(Outcome {
                    name: name.to_string(),
                    verdict: Verdict::Failed,
                });
                let line = match self.options.nocapture {
                    // Its name stands above what it printed.
                    true => "FAILED".to_string(),
                    false => format!("test {name} ... FAILED"),
                };
                self.show(Verdict::Failed, &[line])?;
            }
            // Between two tests, so none of them is to blame.
            None => {
                self.end_line()?;
                told(self.shell, ended.clone());
            }
        }
        for outcome in &outcomes {
            if outcome.verdict == Verdict::Failed {
                let died = first.died_in() == Some(&outcome.name);
                let why = died.then_some(&ended).filter(|ended| self.tells(ended));
                failures.push(self.explain(&outcome.name, why)?);
            }
        }
        let seen: BTreeSet<String> = outcomes.iter().map(|o| o.name.clone()).collect();
        for name in asked_for.iter().filter(|name| !seen.contains(*name)) {
            if self.options.fail_fast {
                break;
            }
            let (alone, ended) = self.alone(name)?;
            let verdict = alone.verdict.unwrap_or(Verdict::Failed);
            if verdict == Verdict::Failed {
                let died = alone.verdict.is_none();
                let why = died.then_some(&ended).filter(|ended| self.tells(ended));
                failures.push(failure(name, alone.printed.clone(), why));
            }
            self.show(verdict, &self.lines_of(name, verdict, alone))?;
            outcomes.push(Outcome {
                name: name.clone(),
                verdict,
            });
        }
        self.end_line()?;
        let filtered = total.saturating_sub(asked_for.len());
        self.report(&outcomes, &failures, filtered, started);
        Ok(FAILED)
    }

    /// What is shown of a test that ran alone.
    fn lines_of(&self, name: &str, verdict: Verdict, alone: Alone) -> Vec<String> {
        let died = alone.verdict.is_none();
        match verdict {
            _ if self.options.nocapture => {
                let mut lines = alone.lines;
                if died {
                    lines.push("FAILED".to_string());
                }
                lines
            }
            Verdict::Passed => vec![format!("test {name} ... ok")],
            Verdict::Failed => vec![format!("test {name} ... FAILED")],
            // Why it is ignored, or how long it took, stands there.
            Verdict::Ignored | Verdict::Measured => alone.lines,
        }
    }

    /// Whether the reason an instance ended is news. What a panic ends in is
    /// not, where its message went to the terminal.
    fn tells(&self, ended: &Ended) -> bool {
        let reason = ended.fault.as_ref().map(Error::to_string);
        !self.options.nocapture || !reason.is_some_and(|reason| reason.contains("unreachable"))
    }

    /// Runs a test that failed once more, for what it prints.
    fn explain(&self, name: &str, why: Option<&Ended>) -> Result<Failure> {
        if self.options.nocapture {
            return Ok(failure(name, Vec::new(), why));
        }
        let (alone, _) = self.alone(name)?;
        let mut printed = alone.printed;
        if alone.verdict == Some(Verdict::Passed) {
            printed.push("it passed when it was run again on its own".to_string());
        }
        Ok(failure(name, printed, why))
    }

    fn alone(&self, name: &str) -> Result<(Alone, Ended)> {
        let captured = match self.options.nocapture {
            true => Captured::Stdout,
            false => Captured::Both,
        };
        let (lines, ended) = self.collect(self.options.alone(name), captured)?;
        Ok((Alone::read(name, &lines), ended))
    }

    fn list(&self, args: Vec<String>) -> Result<Vec<String>> {
        let (lines, _) = self.collect(args, Captured::Stdout)?;
        Ok(listed(&lines))
    }

    fn collect(&self, args: Vec<String>, captured: Captured) -> Result<(Vec<String>, Ended)> {
        let mut lines = Vec::new();
        let grant = self.grant.with_args(args);
        let ended = self.program.lines(&grant, captured, &mut |line| {
            lines.push(line.to_string());
            Ok(())
        })?;
        Ok((lines, ended))
    }

    /// Shows the result of a test.
    fn show(&mut self, verdict: Verdict, lines: &[String]) -> Result<()> {
        if self.options.terse && !self.options.nocapture {
            return mark(self.shell, verdict, &mut self.column);
        }
        for line in lines {
            self.shell.data(line.clone());
        }
        Ok(())
    }

    /// Ends a line of characters.
    fn end_line(&mut self) -> Result<()> {
        if std::mem::take(&mut self.column) > 0 {
            self.shell.write_data(b"\n")?;
        }
        Ok(())
    }

    /// What stands at the end, as libtest has it.
    fn report(
        &self,
        outcomes: &[Outcome],
        failures: &[Failure],
        filtered: usize,
        started: Instant,
    ) {
        let say = |line: &str| self.shell.data(line.to_string());
        if failures.iter().any(|failure| !failure.printed.is_empty()) {
            say("");
            say("failures:");
        }
        for failure in failures.iter().filter(|f| !f.printed.is_empty()) {
            say("");
            say(&format!("---- {} stdout ----", failure.name));
            failure.printed.iter().for_each(|line| say(line));
        }
        say("");
        say("failures:");
        let mut names: Vec<&str> = failures.iter().map(|f| f.name.as_str()).collect();
        names.sort_unstable();
        names.iter().for_each(|name| say(&format!("    {name}")));
        let count = |verdict| outcomes.iter().filter(|o| o.verdict == verdict).count();
        say("");
        say(&format!(
            "test result: FAILED. {} passed; {} failed; {} ignored; {} measured; \
             {filtered} filtered out; finished in {:.2}s",
            count(Verdict::Passed),
            count(Verdict::Failed),
            count(Verdict::Ignored),
            count(Verdict::Measured),
            started.elapsed().as_secs_f64()
        ));
        say("");
    }
}

/// Writes the character of a result.
fn mark(shell: &dyn Shell, verdict: Verdict, column: &mut usize) -> Result<(), Error> {
    let character: &[u8] = match verdict {
        Verdict::Passed | Verdict::Measured => b".",
        Verdict::Failed => b"F",
        Verdict::Ignored => b"i",
    };
    shell.write_data(character)?;
    *column += 1;
    if *column == TERSE_COLUMNS {
        *column = 0;
        shell.write_data(b"\n")?;
    }
    Ok(())
}

/// A failure with the reason the instance ended, where the test did not say it.
fn failure(name: &str, mut printed: Vec<String>, why: Option<&Ended>) -> Failure {
    let panicked = printed.iter().any(|line| line.contains("panicked at"));
    match why {
        Some(ended) if !panicked => printed.push(match &ended.fault {
            Some(fault) => fault.to_string(),
            None => format!("the test ended its instance with exit code {}", ended.code),
        }),
        _ => {}
    }
    Failure {
        name: name.to_string(),
        printed,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::system::process::{Output, Scripted};
    use crate::system::shell::Buffer;

    const LIST: &str = "a: test\nb: test\nc: test\nd: test\n\n4 tests, 0 benchmarks\n";
    const PASSED: &str = "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured";
    const IGNORED: &str = "test result: ok. 0 passed; 0 failed; 1 ignored; 0 measured";

    /// Runs with these arguments against instances that end with these codes
    /// and this output; the exit code, what was said, and what was asked.
    fn run(args: &[&str], answers: &[(i32, &str)]) -> (i32, Vec<String>, Vec<String>) {
        let exec = Scripted::new(answers.iter().map(|(code, stdout)| Output {
            code: *code,
            stdout: stdout.as_bytes().to_vec(),
            ..Output::default()
        }));
        let runner = Runner::Configured {
            program: "run".into(),
            args: Vec::new(),
        };
        let program =
            Program::open(&runner, &exec, Path::new("t.wasm"), Interrupts::Never).unwrap();
        let shell = Buffer::default();
        let grant = Grant::default().with_args(args.iter().copied());
        let code = drive(program, &grant, &shell).unwrap();
        let asked = exec.asked().iter().map(|i| i.to_string()).collect();
        (code, shell.said(), asked)
    }

    #[test]
    fn a_run_that_goes_well_is_passed_through() {
        let text = "\nrunning 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed\n\n";
        let (code, said, asked) = run(&["a"], &[(0, text)]);
        assert_eq!(code, 0);
        assert_eq!(said.join("\n") + "\n", text);
        assert_eq!(asked, ["run -- t.wasm a"]);
    }

    #[test]
    fn failures_that_kill_nothing_are_passed_through_too() {
        let text = "\nrunning 1 test\ntest a ... FAILED\n\nfailures:\n\n---- a stdout ----\n\
                    Error: 1\n\n\nfailures:\n    a\n\ntest result: FAILED. 0 passed; 1 failed\n\n";
        let (code, said, _) = run(&[], &[(101, text)]);
        assert_eq!(code, 101);
        assert_eq!(said.join("\n") + "\n", text);
    }

    #[test]
    fn after_a_death_every_test_is_reported_once() {
        let (code, said, asked) = run(
            &["--skip", "e"],
            &[
                (134, "\nrunning 4 tests\ntest a ... ok\ntest b ... "),
                (0, LIST),
                (0, "a: test\nb: test\nc: test\nd: test\ne: test\n"),
                (134, "\nrunning 1 test\ntest b ... \nwhy it failed\n"),
                (
                    0,
                    &format!("\nrunning 1 test\ntest c ... noise\nok\n\n{PASSED}\n"),
                ),
                (
                    0,
                    &format!("\nrunning 1 test\ntest d ... ignored, slow\n\n{IGNORED}\n"),
                ),
            ],
        );
        assert_eq!(code, 101);
        let (summary, said) = said[..said.len() - 1].split_last().unwrap();
        assert_eq!(
            said,
            [
                "",
                "running 4 tests",
                "test a ... ok",
                "test b ... FAILED",
                "test c ... ok",
                "test d ... ignored, slow",
                "",
                "failures:",
                "",
                "---- b stdout ----",
                "why it failed",
                "the test ended its instance with exit code 134",
                "",
                "failures:",
                "    b",
                "",
            ]
        );
        assert!(summary.starts_with(
            "test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 1 filtered out; finished in "
        ));
        assert_eq!(
            asked,
            [
                "run -- t.wasm --skip e",
                "run -- t.wasm --list --skip e",
                "run -- t.wasm --list",
                "run -- t.wasm --exact --nocapture b",
                "run -- t.wasm --exact --nocapture c",
                "run -- t.wasm --exact --nocapture d",
            ]
        );
    }

    #[test]
    fn a_test_that_exits_with_0_has_failed() {
        let (code, said, _) = run(
            &["--fail-fast", "-q"],
            &[
                (0, "\nrunning 2 tests\ntest a ... "),
                (0, "a: test\nb: test\n"),
                (0, "a: test\nb: test\n"),
                (0, "\nrunning 1 test\ntest a ... "),
            ],
        );
        assert_eq!(code, 101);
        assert_eq!(said[..4], ["", "running 2 tests", "F", "\n"]);
        assert!(said.contains(&"the test ended its instance with exit code 0".to_string()));
    }

    #[test]
    fn uncaptured_output_is_shown_as_it_comes() {
        let (code, said, asked) = run(
            &["--nocapture"],
            &[
                (134, "\nrunning 2 tests\ntest a ... hello"),
                (0, "a: test\nb: test\n"),
                (0, "a: test\nb: test\n"),
                (
                    0,
                    &format!("\nrunning 1 test\ntest b ... hi\nok\n\n{PASSED}\n"),
                ),
            ],
        );
        assert_eq!(code, 101);
        assert_eq!(
            said[2..6],
            ["test a ... hello", "FAILED", "test b ... hi", "ok"]
        );
        assert_eq!(asked.len(), 4);
    }

    #[test]
    fn a_harness_of_its_own_keeps_its_exit_code() {
        let (code, said, asked) = run(&["--bench"], &[(3, "time: 12 ns\n")]);
        assert_eq!((code, said), (3, vec!["time: 12 ns".to_string()]));
        assert_eq!(asked, ["run -- t.wasm --bench"]);
        assert_eq!(run(&["--list"], &[(0, LIST)]).0, 0);
    }
}
