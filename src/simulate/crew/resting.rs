//! Lanes that rest: nothing is ahead of them but routine.
//!
//! What comes of the routine of one lane concerns no other, so another thread goes through it while
//! the crew goes on. A lane is away from when it lies down until it is called back, and whatever
//! would touch it calls it first. Neither the order in which the other thread works nor its speed
//! shows in what a run comes to.

use super::super::tally::Tally;
use super::{Crew, NEVER};
use crate::lane::Stretch;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// So many stretches are handed over at a time.
const HANDFUL: usize = 256;

/// What is shorter than this, in milliseconds, is gone through at once: whoever hands over a short
/// one soon waits for it.
const WORTH_IT: u64 = 600_000;

/// What one lane has ahead of it, and in the end behind it.
type Rest = (usize, Stretch);

/// Where a lane is.
#[derive(Clone, Copy, Debug)]
enum Bed {
    /// It is up.
    Empty,
    /// It rests, and what comes of that is not known yet.
    Asleep,
    /// It rests, and this comes of it.
    Slept(Stretch),
}

/// Who rests, and who goes through it.
#[derive(Debug)]
pub(super) struct Resting {
    beds: Vec<Bed>,
    gathered: Vec<Rest>,
    /// The room of a handful that came back.
    room: Vec<Rest>,
    /// The first moment at which a lane that was gathered may want to be woken.
    gathered_until: u64,
    /// The same of each handful that is out, the oldest first.
    out_until: VecDeque<u64>,
    /// The first of all these moments.
    sleep_until: u64,
    /// `None` once all is over.
    hand_over: Option<Sender<Vec<Rest>>>,
    back: Receiver<Vec<Rest>>,
    worker: Option<JoinHandle<Tally>>,
}

impl Resting {
    /// A place for `lanes` lanes in a run of `span` milliseconds.
    pub(super) fn new(lanes: usize, span: u64) -> Self {
        let (hand_over, taken) = channel::<Vec<Rest>>();
        let (bring, back) = channel();
        let worker = std::thread::spawn(move || {
            let mut tally = Tally::new(span);
            for mut handful in taken {
                for (_, stretch) in &mut handful {
                    stretch.pass(&mut |at, look| tally.passed(at, look));
                }
                if bring.send(handful).is_err() {
                    break;
                }
            }
            tally
        });
        Self {
            beds: vec![Bed::Empty; lanes],
            gathered: Vec::with_capacity(HANDFUL),
            room: Vec::new(),
            gathered_until: NEVER,
            out_until: VecDeque::new(),
            sleep_until: NEVER,
            hand_over: Some(hand_over),
            back,
            worker: Some(worker),
        }
    }

    /// A lane lies down.
    fn lie_down(&mut self, slot: usize, stretch: Stretch) {
        if let Some(bed) = self.beds.get_mut(slot) {
            *bed = Bed::Asleep;
            self.gathered.push((slot, stretch));
            let until = stretch.sleeps_until().0;
            self.gathered_until = self.gathered_until.min(until);
            self.sleep_until = self.sleep_until.min(until);
            if self.gathered.len() >= HANDFUL {
                self.hand_over();
            }
        }
    }

    /// Whether a lane of whom nothing is known yet may want to be woken by then.
    pub(super) const fn may_be_woken_by(&self, moment: u64) -> bool {
        self.sleep_until != NEVER && self.sleep_until <= moment
    }

    fn hand_over(&mut self) {
        let room = std::mem::take(&mut self.room);
        let handful = std::mem::replace(&mut self.gathered, room);
        if let (false, Some(to)) = (handful.is_empty(), &self.hand_over) {
            self.out_until.push_back(self.gathered_until);
            if to.send(handful).is_err() {
                self.end();
            }
        }
        self.gathered_until = NEVER;
    }

    /// Waits for the oldest handful, handing over what was gathered if none is out.
    fn next_handful(&mut self) -> Vec<Rest> {
        if self.out_until.is_empty() {
            self.hand_over();
        }
        if self.out_until.pop_front().is_none() {
            return Vec::new();
        }
        let out = self.out_until.iter().copied().min();
        self.sleep_until = self.gathered_until.min(out.unwrap_or(NEVER));
        self.back.recv().unwrap_or_else(|_| {
            self.end();
            Vec::new()
        })
    }

    /// Sends the worker home. A panic of its is one of ours.
    fn end(&mut self) -> Option<Tally> {
        self.hand_over = None;
        match self.worker.take()?.join() {
            Ok(passed) => Some(passed),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl Crew<'_> {
    /// Lets a lane rest that has nothing but routine ahead.
    pub(super) fn let_rest(&mut self, slot: usize, mut stretch: Stretch) {
        if stretch.sleeps_until().0.saturating_sub(self.now) >= WORTH_IT {
            self.wakes.set(slot, None);
            self.resting.lie_down(slot, stretch);
            return;
        }
        let tally = &mut self.tally;
        stretch.pass(&mut |at, look| tally.passed(at, look));
        if let Some(member) = self.members.get_mut(slot) {
            member.lane.resume(&stretch);
        }
        self.wakes.set(slot, Some(stretch.wakes()));
    }

    /// Learns, before `moment` comes, of every lane that may want to be woken by then.
    pub(super) fn hear_of_sleepers(&mut self, moment: u64) {
        while self.resting.may_be_woken_by(moment) && self.take_handful() {}
    }

    /// Answers whether there was one.
    fn take_handful(&mut self) -> bool {
        let mut handful = self.resting.next_handful();
        let any = !handful.is_empty();
        for (slot, stretch) in handful.drain(..) {
            if let Some(bed) = self.resting.beds.get_mut(slot) {
                *bed = Bed::Slept(stretch);
                self.wakes.set(slot, Some(stretch.wakes()));
            }
        }
        self.resting.room = handful;
        any
    }

    /// Gets a lane up, if it rests.
    pub(super) fn get_up(&mut self, slot: usize) {
        loop {
            match self.resting.beds.get(slot).copied() {
                None | Some(Bed::Empty) => return,
                Some(Bed::Asleep) => {
                    if !self.take_handful() {
                        return;
                    }
                }
                Some(Bed::Slept(stretch)) => {
                    if let Some(bed) = self.resting.beds.get_mut(slot) {
                        *bed = Bed::Empty;
                    }
                    if let Some(member) = self.members.get_mut(slot) {
                        member.lane.resume(&stretch);
                    }
                    return;
                }
            }
        }
    }

    /// Gets every lane up.
    pub(super) fn all_up(&mut self) {
        for slot in 0..self.members.len() {
            self.get_up(slot);
        }
    }

    /// Gets every lane up for good, and adds what was passed over to what was counted.
    pub(super) fn end_of_rest(&mut self) {
        self.all_up();
        if let Some(passed) = self.resting.end() {
            self.tally.add_passed(&passed);
        }
    }
}
