//! Runs the instances of a test executable and reports their tests.

use std::collections::BTreeSet;
use std::time::Instant;

use super::options::Options;
use super::transcript::{LineAction, SingleTestRun, TestOutcome, Transcript, Verdict, parse_list};
use crate::base::error::{Error, Result};
use crate::system::context::Context;
use crate::system::runtime::{
    CapturedOutput, ComponentFile, ExitStatus, Interrupts, Permissions, Program, Runner,
};
use crate::system::shell::{Message, Shell};

/// The exit code of libtest after a failure.
const FAILED: i32 = 101;

/// How many characters a line of terse output has.
const TERSE_COLUMNS: usize = 88;

/// Runs an executable and returns its exit code, 0 if no test
/// failed. The arguments in `permissions` are those after `--` of `cargo test`.
pub fn run(
    context: &Context,
    runner: &Runner,
    file: &ComponentFile,
    permissions: &Permissions,
) -> Result<i32> {
    let (exec, shell) = (context.exec.as_ref(), context.shell.as_ref());
    let program = Program::open(runner, exec, file, Interrupts::of(permissions), shell)?;
    drive(program, permissions, shell)
}

fn drive(program: Program<'_>, permissions: &Permissions, shell: &dyn Shell) -> Result<i32> {
    let options = Options::read(&permissions.args, &permissions.env);
    if options.passthrough {
        return Ok(report_exit(shell, program.run(permissions)?));
    }
    Harness {
        program,
        options,
        permissions,
        shell,
        column: 0,
    }
    .run()
}

/// Prints why it trapped, if it did, and returns its exit code.
fn report_exit(shell: &dyn Shell, status: ExitStatus) -> i32 {
    if let Some(fault) = status.fault {
        shell.print(Message::Error(fault));
    }
    if let Some(refusals) = status.refusals {
        shell.print(Message::Warning(refusals));
    }
    status.code
}

struct Harness<'a> {
    program: Program<'a>,
    options: Options,
    permissions: &'a Permissions,
    shell: &'a dyn Shell,
    /// How many characters the current line of terse output has.
    column: usize,
}

/// What the summary prints of a failed test.
struct Failure {
    name: String,
    printed: Vec<String>,
}

impl Harness<'_> {
    fn run(mut self) -> Result<i32> {
        let started = Instant::now();
        let mut transcript = Transcript::new(self.options.nocapture);
        let permissions = self.permissions.with_args(self.options.initial_run.clone());
        let mut column = self.column;
        let (shell, terse) = (self.shell, self.options.terse);
        let status = self
            .program
            .lines(&permissions, CapturedOutput::Stdout, &mut |line| {
                match transcript.feed(line) {
                    LineAction::Print => shell.data(line.to_string()),
                    LineAction::Result(verdict) if terse => {
                        print_mark(shell, verdict, &mut column)?
                    }
                    LineAction::Result(_) => shell.data(line.to_string()),
                    LineAction::Defer => {}
                }
                Ok(())
            })?;
        self.column = column;
        if transcript.is_other_harness() {
            return Ok(report_exit(shell, status));
        }
        if transcript.is_complete() {
            self.end_line()?;
            for line in transcript.tail {
                shell.data(line);
            }
            return Ok(report_exit(shell, status));
        }
        self.run_remaining(&transcript, status, started)
    }

    /// Runs and reports the tests that the first instance did not finish.
    fn run_remaining(
        &mut self,
        first: &Transcript,
        status: ExitStatus,
        started: Instant,
    ) -> Result<i32> {
        let mut outcomes = first.outcomes().to_vec();
        let requested = self.list_tests(self.options.listing())?;
        let total = self.list_tests(vec!["--list".to_string()])?.len();
        let mut failures = Vec::new();
        match first.crashed_test() {
            Some(name) => {
                outcomes.push(TestOutcome {
                    name: name.to_string(),
                    verdict: Verdict::Failed,
                });
                let line = match self.options.nocapture {
                    // Its name is printed above its output.
                    true => "FAILED".to_string(),
                    false => format!("test {name} ... FAILED"),
                };
                self.show(Verdict::Failed, &[line])?;
            }
            // It crashed between two tests, so neither of them is the cause.
            None => {
                self.end_line()?;
                report_exit(self.shell, status.clone());
            }
        }
        for outcome in &outcomes {
            if outcome.verdict == Verdict::Failed {
                let crashed = first.crashed_test() == Some(&outcome.name);
                let cause = crashed.then_some(&status);
                failures.push(self.rerun_failed(&outcome.name, cause)?);
            }
        }
        let finished: BTreeSet<String> = outcomes.iter().map(|o| o.name.clone()).collect();
        for name in requested.iter().filter(|name| !finished.contains(*name)) {
            if self.options.fail_fast {
                break;
            }
            let (single, status) = self.run_alone(name)?;
            let verdict = single.verdict.unwrap_or(Verdict::Failed);
            if verdict == Verdict::Failed {
                let crashed = single.verdict.is_none();
                let cause = crashed.then_some(&status);
                failures.push(self.failure(name, single.printed.clone(), cause));
            }
            self.show(verdict, &self.lines_to_show(name, verdict, single))?;
            outcomes.push(TestOutcome {
                name: name.clone(),
                verdict,
            });
        }
        self.end_line()?;
        let filtered = total.saturating_sub(requested.len());
        self.report(&outcomes, &failures, filtered, started);
        Ok(FAILED)
    }

    /// The lines to show of a test that ran alone.
    fn lines_to_show(&self, name: &str, verdict: Verdict, single: SingleTestRun) -> Vec<String> {
        let crashed = single.verdict.is_none();
        match verdict {
            _ if self.options.nocapture => {
                let mut lines = single.lines;
                if crashed {
                    lines.push("FAILED".to_string());
                }
                lines
            }
            Verdict::Passed => vec![format!("test {name} ... ok")],
            Verdict::Failed => vec![format!("test {name} ... FAILED")],
            // The line has the reason or the measurement.
            Verdict::Ignored | Verdict::Measured => single.lines,
        }
    }

    /// Whether to show the reason an instance ended. That of a panic is not shown
    /// where its message went to the terminal.
    fn is_reason_shown(&self, status: &ExitStatus) -> bool {
        let reason = status.fault.as_ref().map(Error::to_string);
        !self.options.nocapture || !reason.is_some_and(|reason| reason.contains("unreachable"))
    }

    /// A failure, with the reason the instance ended unless the output has a panic, and where
    /// that was.
    fn failure(&self, name: &str, mut printed: Vec<String>, cause: Option<&ExitStatus>) -> Failure {
        if let Some(status) = cause {
            let panicked = printed.iter().any(|line| line.contains("panicked at"));
            if !panicked && self.is_reason_shown(status) {
                printed.push(match &status.fault {
                    Some(fault) => fault.to_string(),
                    None => format!("the test ended its instance with exit code {}", status.code),
                });
            }
            let trace = status.fault.as_ref().and_then(Error::trace);
            printed.extend(
                trace
                    .iter()
                    .flat_map(|trace| trace.lines())
                    .map(str::to_owned),
            );
        }
        Failure {
            name: name.to_string(),
            printed,
        }
    }

    /// Runs a failed test again, to capture its output.
    fn rerun_failed(&self, name: &str, cause: Option<&ExitStatus>) -> Result<Failure> {
        if self.options.nocapture {
            return Ok(self.failure(name, Vec::new(), cause));
        }
        let (single, _) = self.run_alone(name)?;
        let mut printed = single.printed;
        if single.verdict == Some(Verdict::Passed) {
            printed.push("it passed when it was run again on its own".to_string());
        }
        Ok(self.failure(name, printed, cause))
    }

    fn run_alone(&self, name: &str) -> Result<(SingleTestRun, ExitStatus)> {
        let captured = match self.options.nocapture {
            true => CapturedOutput::Stdout,
            false => CapturedOutput::Both,
        };
        let (lines, status) = self.collect(self.options.single_run(name), captured)?;
        Ok((SingleTestRun::read(name, &lines), status))
    }

    fn list_tests(&self, args: Vec<String>) -> Result<Vec<String>> {
        let (lines, _) = self.collect(args, CapturedOutput::Stdout)?;
        Ok(parse_list(&lines))
    }

    fn collect(
        &self,
        args: Vec<String>,
        captured: CapturedOutput,
    ) -> Result<(Vec<String>, ExitStatus)> {
        let mut lines = Vec::new();
        let permissions = self.permissions.with_args(args);
        let status = self.program.lines(&permissions, captured, &mut |line| {
            lines.push(line.to_string());
            Ok(())
        })?;
        Ok((lines, status))
    }

    /// Shows the verdict of a test.
    fn show(&mut self, verdict: Verdict, lines: &[String]) -> Result<()> {
        if self.options.terse && !self.options.nocapture {
            return print_mark(self.shell, verdict, &mut self.column);
        }
        for line in lines {
            self.shell.data(line.clone());
        }
        Ok(())
    }

    /// Ends the current line of terse output.
    fn end_line(&mut self) -> Result<()> {
        if std::mem::take(&mut self.column) > 0 {
            self.shell.write_data(b"\n")?;
        }
        Ok(())
    }

    /// Prints the summary as libtest does.
    fn report(
        &self,
        outcomes: &[TestOutcome],
        failures: &[Failure],
        filtered: usize,
        started: Instant,
    ) {
        let print = |line: &str| self.shell.data(line.to_string());
        if failures.iter().any(|failure| !failure.printed.is_empty()) {
            print("");
            print("failures:");
        }
        for failure in failures.iter().filter(|f| !f.printed.is_empty()) {
            print("");
            print(&format!("---- {} stdout ----", failure.name));
            failure.printed.iter().for_each(|line| print(line));
        }
        print("");
        print("failures:");
        let mut names: Vec<&str> = failures.iter().map(|f| f.name.as_str()).collect();
        names.sort_unstable();
        names.iter().for_each(|name| print(&format!("    {name}")));
        let count = |verdict| outcomes.iter().filter(|o| o.verdict == verdict).count();
        print("");
        print(&format!(
            "test result: FAILED. {} passed; {} failed; {} ignored; {} measured; \
             {filtered} filtered out; finished in {:.2}s",
            count(Verdict::Passed),
            count(Verdict::Failed),
            count(Verdict::Ignored),
            count(Verdict::Measured),
            started.elapsed().as_secs_f64()
        ));
        print("");
    }
}

/// Prints the character of a verdict in terse output.
fn print_mark(shell: &dyn Shell, verdict: Verdict, column: &mut usize) -> Result<(), Error> {
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

#[cfg(test)]
mod tests {

    use super::*;
    use crate::system::process::{Output, Scripted};
    use crate::system::runtime::{Optimization, TraceOptions};
    use crate::system::shell::Buffer;

    const LIST: &str = "a: test\nb: test\nc: test\nd: test\n\n4 tests, 0 benchmarks\n";
    const PASSED: &str = "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured";
    const IGNORED: &str = "test result: ok. 0 passed; 0 failed; 1 ignored; 0 measured";

    /// Runs with these arguments against instances that end with these codes and
    /// this output. Returns the exit code, the printed lines and the invocations.
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
        let file = ComponentFile {
            path: "t.wasm".into(),
            optimization: Optimization::Full,
            trace: TraceOptions::default(),
            profile: None,
        };
        let shell = Buffer::default();
        let program = Program::open(&runner, &exec, &file, Interrupts::Never, &shell).unwrap();
        let permissions = Permissions::default().with_args(args.iter().copied());
        let code = drive(program, &permissions, &shell).unwrap();
        let invocations = exec.invocations().iter().map(|i| i.to_string()).collect();
        (code, shell.messages(), invocations)
    }

    #[test]
    fn a_run_that_goes_well_is_passed_through() {
        let text = "\nrunning 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed\n\n";
        let (code, printed_lines, invocations) = run(&["a"], &[(0, text)]);
        assert_eq!(code, 0);
        assert_eq!(printed_lines.join("\n") + "\n", text);
        assert_eq!(invocations, ["run -- t.wasm a"]);
    }

    #[test]
    fn failures_that_kill_nothing_are_passed_through_too() {
        let text = "\nrunning 1 test\ntest a ... FAILED\n\nfailures:\n\n---- a stdout ----\n\
                    Error: 1\n\n\nfailures:\n    a\n\ntest result: FAILED. 0 passed; 1 failed\n\n";
        let (code, printed_lines, _) = run(&[], &[(101, text)]);
        assert_eq!(code, 101);
        assert_eq!(printed_lines.join("\n") + "\n", text);
    }

    #[test]
    fn after_a_death_every_test_is_reported_once() {
        let (code, printed_lines, invocations) = run(
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
        let (summary, printed_lines) = printed_lines[..printed_lines.len() - 1]
            .split_last()
            .unwrap();
        assert_eq!(
            printed_lines,
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
            invocations,
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
        let (code, printed_lines, _) = run(
            &["--fail-fast", "-q"],
            &[
                (0, "\nrunning 2 tests\ntest a ... "),
                (0, "a: test\nb: test\n"),
                (0, "a: test\nb: test\n"),
                (0, "\nrunning 1 test\ntest a ... "),
            ],
        );
        assert_eq!(code, 101);
        assert_eq!(printed_lines[..4], ["", "running 2 tests", "F", "\n"]);
        assert!(
            printed_lines.contains(&"the test ended its instance with exit code 0".to_string())
        );
    }

    #[test]
    fn uncaptured_output_is_shown_as_it_comes() {
        let (code, printed_lines, invocations) = run(
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
            printed_lines[2..6],
            ["test a ... hello", "FAILED", "test b ... hi", "ok"]
        );
        assert_eq!(invocations.len(), 4);
    }

    #[test]
    fn a_harness_of_its_own_keeps_its_exit_code() {
        let (code, printed_lines, invocations) = run(&["--bench"], &[(3, "time: 12 ns\n")]);
        assert_eq!((code, printed_lines), (3, vec!["time: 12 ns".to_string()]));
        assert_eq!(invocations, ["run -- t.wasm --bench"]);
        assert_eq!(run(&["--list"], &[(0, LIST)]).0, 0);
    }
}
