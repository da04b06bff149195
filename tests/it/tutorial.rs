//! The tutorial of the book: its files are written and its commands are run, in order,
//! in an empty directory, and each prints what the page shows.
//!
//! A block behind a line such as **`dice/src/lib.rs`** is the content of that file; behind
//! **`play/src/main.rs`**, at the end: it is appended. A block `console` has commands, which
//! begin with `$`, each followed by its output. There, `…` stands for any text within a line,
//! and a line of nothing else for any number of lines.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::serve::Server;
use crate::support::Project;
use crate::wasi_registry;

/// The address of `serve` in the book. Tests take a free port instead.
const SHOWN: &str = "127.0.0.1:8080";

#[derive(Debug, PartialEq)]
enum Step {
    /// The text of a file, or what is appended to it.
    File {
        path: String,
        append: bool,
        text: String,
    },
    /// A command and its output.
    Command { line: String, output: String },
}

/// What a page says to do, each with the number of its line.
fn steps(page: &str) -> Vec<(usize, Step)> {
    let mut steps = Vec::new();
    let mut lines = page.lines().enumerate();
    let mut last = "";
    while let Some((at, line)) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            if !line.is_empty() {
                last = line;
            }
            continue;
        };
        let content = lines.by_ref().take_while(|(_, line)| *line != "```");
        let content: Vec<_> = content.map(|(at, line)| (at + 1, line)).collect();
        if language == "console" {
            steps.extend(commands(&content));
        } else if let Some((path, more)) =
            last.strip_prefix("**`").and_then(|l| l.split_once("`**"))
        {
            let text = content.iter().flat_map(|(_, line)| [line, "\n"]).collect();
            let (path, append) = (path.to_owned(), more.starts_with(", at the end"));
            steps.push((at + 1, Step::File { path, append, text }));
        }
        last = "";
    }
    steps
}

/// The commands of a block; none if it shows no output and therefore no `$`.
fn commands(content: &[(usize, &str)]) -> Vec<(usize, Step)> {
    let mut commands: Vec<(usize, Step)> = Vec::new();
    for (at, text) in content {
        if let Some(line) = text.strip_prefix("$ ") {
            let (line, output) = (line.to_owned(), String::new());
            commands.push((*at, Step::Command { line, output }));
        } else if let Some((_, Step::Command { output, .. })) = commands.last_mut() {
            output.push_str(text);
            output.push('\n');
        }
    }
    commands
}

/// Whether an output is as it was shown.
fn fits(shown: &[&str], printed: &[&str]) -> bool {
    match shown {
        [] => printed.is_empty(),
        ["…", shown @ ..] => (0..=printed.len()).any(|skip| fits(shown, &printed[skip..])),
        [first, shown @ ..] => match printed {
            [line, printed @ ..] => line_fits(first, line) && fits(shown, printed),
            [] => false,
        },
    }
}

fn line_fits(shown: &str, printed: &str) -> bool {
    let Some((first, rest)) = shown.split_once('…') else {
        return shown == printed;
    };
    let Some(mut printed) = printed.strip_prefix(first) else {
        return false;
    };
    let mut pieces: Vec<_> = rest.split('…').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match printed.split_once(piece) {
            Some((_, behind)) => printed = behind,
            None => return false,
        }
    }
    printed.ends_with(last)
}

/// A reader who does what the page says.
struct Reader {
    project: Project,
    /// Where the registry of WASI and the cache are.
    home: PathBuf,
    /// What runs in the other terminal.
    server: Option<Server>,
}

impl Reader {
    fn follow(&mut self, at: usize, step: Step) {
        match step {
            Step::File { path, append, text } => {
                let before = match append {
                    true => self.project.read(&path),
                    false => String::new(),
                };
                self.project.write(&path, before + &text);
            }
            Step::Command { line, output } => {
                let printed = self.run(&line);
                let lines = printed.trim_end().lines().map(str::trim_end);
                // Other tests use cargo at the same time.
                let lines = lines.filter(|line| !line.contains("Blocking waiting for file lock"));
                let printed: Vec<_> = lines.collect();
                let shown: Vec<_> = output.lines().collect();
                assert!(
                    fits(&shown, &printed),
                    "line {at}: {line}\n--- shown\n{output}--- printed\n{}\n",
                    printed.join("\n")
                );
            }
        }
    }

    /// What a command prints, on both of its outputs; it must succeed.
    fn run(&mut self, line: &str) -> String {
        let (program, rest) = line.split_once(' ').unwrap_or((line, ""));
        if program == "curl" {
            let path = rest.strip_prefix(&format!("http://{SHOWN}")).unwrap();
            let server = self.server.as_ref().expect("`serve` comes before `curl`");
            let answer = server.ask(&format!("GET {path}"), "");
            return answer.split_once("\r\n\r\n").unwrap().1.to_owned();
        }
        // Whoever goes on in the first terminal has pressed Ctrl-C there.
        if let Some(server) = self.server.take() {
            let (code, said) = server.interrupt();
            assert_eq!(code, Some(0), "{said}");
        }
        match (program, rest) {
            ("mkdir", dir) => fs::create_dir(self.project.path(dir)).unwrap(),
            ("cd", dir) => self.project.enter(dir),
            ("cargo", rest) if rest.starts_with("component serve") => {
                let mut command = self.command("cargo", rest);
                command.args(["--addr", "127.0.0.1:0"]);
                let server = Server::start(command);
                let said = server.said.replace(&server.addr, SHOWN);
                self.server = Some(server);
                return said;
            }
            ("cargo" | "git", rest) => return self.output(program, rest),
            _ => panic!("the test cannot run `{line}`"),
        }
        String::new()
    }

    /// A command as the reader types it: cargo finds the tool.
    fn command(&self, program: &str, rest: &str) -> std::process::Command {
        let tool = Path::new(env!("CARGO_BIN_EXE_cargo-component"));
        let mut path = tool.parent().unwrap().as_os_str().to_owned();
        path.push(if cfg!(windows) { ";" } else { ":" });
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = self.project.clean(program);
        command
            .args(crate::support::split(rest))
            .env("PATH", path)
            .env("CARGO_COMPONENT_CACHE_DIR", self.home.join("cache"))
            .env("CARGO_COMPONENT_CONFIG_FILE", self.home.join("config.toml"));
        command
    }

    /// Both outputs in the order in which they come, as a terminal shows them.
    fn output(&self, program: &str, rest: &str) -> String {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut command = self.command(program, rest);
        command.stdout(writer.try_clone().unwrap()).stderr(writer);
        let mut child = command.spawn().unwrap();
        // It holds the other ends of the pipe, which ends with them.
        drop(command);
        let mut printed = String::new();
        reader.read_to_string(&mut printed).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success(), "{program} {rest}: {status}\n{printed}");
        printed
    }
}

fn page(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_tutorial_does_what_it_says() {
    let project = wasi_registry::with_wasi(Project::empty().with_debug_info()).0;
    project.write("empty/.keep", "");
    let mut reader = Reader {
        home: project.root().to_owned(),
        project,
        server: None,
    };
    reader.project.enter("empty");
    let text = page("docs/src/tutorial.md");
    let blocks = |start: &str| text.matches(start).count();
    assert_eq!(blocks("```console\n"), blocks("```console\n$ "));
    let steps = steps(&text);
    assert!(steps.len() > 20, "{steps:?}");
    for (at, step) in steps {
        reader.follow(at, step);
    }
}

/// The first pages that somebody reads have a recording, of the tutorial.
#[test]
fn recordings_are_taken_from_the_tutorial() {
    let tutorial = steps(&page("docs/src/tutorial.md"));
    let tutorial: Vec<_> = tutorial.iter().map(|(_, step)| step).collect();
    for name in ["README.md", "docs/src/introduction.md"] {
        let recorded = steps(&page(name));
        let shown = |step: &Step| match step {
            Step::File { .. } => true,
            Step::Command { output, .. } => !output.is_empty(),
        };
        let recorded: Vec<_> = recorded.iter().filter(|(_, step)| shown(step)).collect();
        assert!(!recorded.is_empty(), "{name}");
        for (at, step) in recorded {
            assert!(tutorial.contains(&step), "{name}, line {at}: {step:?}");
        }
    }
}

#[test]
fn an_output_is_compared_with_what_is_shown() {
    let fits = |shown: &str, printed: &str| {
        let (shown, printed): (Vec<_>, Vec<_>) =
            (shown.lines().collect(), printed.lines().collect());
        fits(&shown, &printed)
    };
    assert!(fits("…\nb", "b") && fits("…\nb", "a\na\nb") && fits("a\n…", "a"));
    assert!(fits("a … c …", "a b c d") && fits("in …s", "in 0.2s"));
    assert!(!fits("…\nb", "b\nc") && !fits("a", "a\nb") && !fits("a\nb", "a"));
    assert!(!fits("a … c", "a b d") && !fits("", "a"));
}
