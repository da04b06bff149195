//! A proxy in front of a registry that misbehaves as it is told, and notes
//! what it was asked.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

use super::http::{Answer, Request, read_request, send, serve};

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Answers this instead.
    Answer(Answer),
    /// Cuts the answer after so many bytes of its body.
    CutBody(usize),
    /// Takes the request, and its effect, and then closes without an answer.
    Vanish,
    /// Closes without having passed the request on.
    Refuse,
    /// Passes on only so many bytes of the request's body, then closes.
    CutRequest(usize),
    /// Changes the value of a header of the answer.
    Header(&'static str, String),
    /// Puts this in the place of the answer's body.
    Body(Vec<u8>),
    /// Changes the last byte of the answer's body.
    Flip,
    /// Never answers.
    Hang,
    /// Sends the answer's body byte by byte, five of them a second.
    Drip,
    /// Ends the connection as a system does whose program has died.
    Reset,
    /// Sends the client to this port of this machine, with the same target.
    Redirect(u16),
    /// Adds blanks to the answer's body until it is so long.
    Pad(usize),
}

type Wanted = Box<dyn Fn(&Request) -> bool + Send>;

struct Planned {
    wanted: Wanted,
    times: usize,
    fault: Fault,
}

#[derive(Default)]
struct State {
    planned: Vec<Planned>,
    seen: Vec<Request>,
    // Connections that are to stay open without an answer.
    held: Vec<TcpStream>,
}

/// A proxy on a port of its own.
pub struct FaultProxy {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl FaultProxy {
    /// In front of a port of this machine.
    pub fn new(upstream: u16) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let port = serve(move |stream| {
            if let Some(request) = read_request(&stream) {
                pass(&request, stream, upstream, &shared);
            }
        });
        FaultProxy { port, state }
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Misbehaves with the next requests, so many times, that have this method
    /// (empty for any) and this in their target.
    pub fn fault(&self, method: &'static str, part: &'static str, times: usize, fault: Fault) {
        let wanted = move |request: &Request| {
            (method.is_empty() || request.method == method) && request.target.contains(part)
        };
        let wanted = Box::new(wanted);
        self.state.lock().unwrap().planned.push(Planned {
            wanted,
            times,
            fault,
        });
    }

    /// Answers so many requests and none after them.
    pub fn hang_after(&self, count: usize) {
        let left = AtomicUsize::new(count);
        let wanted = move |_: &Request| {
            let less = |left: usize| left.checked_sub(1);
            left.fetch_update(Relaxed, Relaxed, less).is_err()
        };
        self.state.lock().unwrap().planned.push(Planned {
            wanted: Box::new(wanted),
            times: usize::MAX / 2,
            fault: Fault::Hang,
        });
    }

    /// Whether somebody waits for an answer that does not come.
    pub fn is_waited_for(&self) -> bool {
        !self.state.lock().unwrap().held.is_empty()
    }

    /// Behaves from now on; what was seen is forgotten.
    pub fn calm(&self) {
        let mut state = self.state.lock().unwrap();
        state.planned.clear();
        state.seen.clear();
        state.held.clear();
    }

    /// What was asked so far.
    pub fn seen(&self) -> Vec<Request> {
        self.state.lock().unwrap().seen.clone()
    }

    /// How many faults did not come to pass.
    pub fn left(&self) -> usize {
        self.state
            .lock()
            .unwrap()
            .planned
            .iter()
            .map(|planned| planned.times)
            .sum()
    }
}

fn pass(request: &Request, stream: TcpStream, upstream: u16, state: &Mutex<State>) {
    let fault = {
        let mut state = state.lock().unwrap();
        state.seen.push(request.clone());
        let planned = state.planned.iter_mut();
        planned
            .into_iter()
            .find(|p| p.times > 0 && (p.wanted)(request))
            .map(|p| {
                p.times -= 1;
                p.fault.clone()
            })
    };
    let head = request.method == "HEAD";
    let mut body = request.body.as_slice();
    match &fault {
        Some(Fault::Answer(answer)) => return send(&stream, &answer.bytes(head)),
        Some(Fault::Refuse) => return,
        Some(Fault::Hang) => return state.lock().unwrap().held.push(stream),
        Some(Fault::Reset) => return reset(stream),
        Some(Fault::Redirect(port)) => {
            let to = format!("http://127.0.0.1:{port}{}", request.target);
            let answer = Answer::new(307).header("Location", to);
            return send(&stream, &answer.bytes(head));
        }
        Some(Fault::CutRequest(count)) => body = &body[..*count.min(&body.len())],
        _ => {}
    }
    let mut server = TcpStream::connect(("127.0.0.1", upstream)).unwrap();
    let mut text = format!(
        "{} {} HTTP/1.1\r\nconnection: close\r\n",
        request.method, request.target
    );
    for (name, value) in request
        .headers
        .iter()
        .filter(|(name, _)| name != "connection")
    {
        text += &format!("{name}: {value}\r\n");
    }
    server.write_all((text + "\r\n").as_bytes()).unwrap();
    server.write_all(body).unwrap();
    if matches!(fault, Some(Fault::CutRequest(_))) {
        server.shutdown(Shutdown::Write).unwrap();
    }
    let mut answer = Vec::new();
    let _ = server.read_to_end(&mut answer);
    let at = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or(0)
        + 4;
    match fault {
        None => send(&stream, &answer),
        Some(Fault::CutBody(count)) => send(&stream, &answer[..(at + count).min(answer.len())]),
        Some(Fault::Header(name, value)) => {
            let head = String::from_utf8_lossy(&answer[..at - 2]).into_owned();
            let prefix = format!("{}:", name.to_ascii_lowercase());
            let kept: String = head
                .split_inclusive("\r\n")
                .filter(|line| !line.to_ascii_lowercase().starts_with(&prefix))
                .collect();
            let mut changed = format!("{kept}{name}: {value}\r\n\r\n").into_bytes();
            changed.extend(&answer[at..]);
            send(&stream, &changed);
        }
        Some(Fault::Body(body)) => {
            let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
            send(&stream, &Answer::new(status).body(body).bytes(head));
        }
        Some(Fault::Drip) => drip(stream, &answer[..at], &answer[at..]),
        Some(Fault::Flip) => {
            if let Some(last) = answer[at..].last_mut() {
                *last ^= 1;
            }
            send(&stream, &answer);
        }
        Some(Fault::Pad(size)) => {
            let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
            let mut body = answer[at..].to_vec();
            body.resize(size.max(body.len()), b' ');
            send(&stream, &Answer::new(status).body(body).bytes(head));
        }
        Some(_) => {}
    }
}

/// Sends an answer slowly, as long as somebody listens.
pub fn drip(mut stream: TcpStream, head: &[u8], body: &[u8]) {
    let mut sent = stream.write_all(head);
    for byte in body.chunks(1) {
        sent = sent.and_then(|()| stream.write_all(byte));
        if sent.is_err() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// Closes with nothing left to be sent, which the other side is told as a reset.
fn reset(stream: TcpStream) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    stream.set_nonblocking(true).unwrap();
    let stream = tokio::net::TcpStream::from_std(stream).unwrap();
    stream.set_zero_linger().unwrap();
}
