//! The matcher: a small machine that backtracks with a stack of its own.
//!
//! A pattern becomes instructions. Registers hold the ends of groups, the counts of loops and where their turns began.
//! A choice pushes the way not taken; changing a register pushes its old value; failing pops until a way is found. So
//! memory is one stack, which is bounded, and time is instructions, which are counted. Assertions that look ahead or
//! behind run as a match of their own (their nesting is bounded by the pattern's); looking behind runs the same
//! instructions from right to left.

use super::class::{Class, fold, is_line_end, is_word};
use super::flags::Flags;
use super::parse::Node;
use crate::base::{
    Str,
    memory::{Held, cost},
};

/// A compiled pattern.
pub(crate) struct Program {
    pub(super) pattern: Box<str>,
    pub(super) flag_text: Box<str>,
    pub(crate) flags: Flags,
    pub(super) code: Vec<Inst>,
    pub(super) groups: usize,
    pub(super) registers: usize,
    pub(super) names: Vec<(Str, usize)>,
    #[allow(dead_code, reason = "weighs as long as it lives")]
    pub(super) held: Held,
}

#[derive(Debug)]
pub(crate) enum Inst {
    Char(u32),
    Any,
    Class(Class),
    /// As many characters of one kind as there are, given back one by one.
    Run {
        kind: Box<Inst>,
        least: u32,
        most: u32,
    },
    Split {
        first: usize,
        second: usize,
    },
    Jump(usize),
    Save(usize),
    /// Forgets the groups of a loop's body before each turn.
    Reset(usize, usize),
    Zero(usize),
    Loop {
        count: usize,
        least: u32,
        most: u32,
        greedy: bool,
        exit: usize,
    },
    /// Ends a loop's turn; a turn that matched nothing is not made twice.
    Again {
        count: usize,
        start: usize,
        least: u32,
        head: usize,
    },
    Back(usize),
    Start,
    End,
    WordEdge {
        inverted: bool,
    },
    Look {
        behind: bool,
        inverted: bool,
        end: usize,
    },
    Match,
}

/// Most instructions of a pattern.
const CODE: usize = 20_000;
const NONE: usize = usize::MAX;

struct Compiler {
    code: Vec<Inst>,
    registers: usize,
}

/// Instructions of a pattern, and how many registers they use.
pub(super) fn compile(node: &Node, groups: usize) -> Result<(Vec<Inst>, usize), String> {
    let mut compiler = Compiler { code: Vec::new(), registers: (groups + 1) * 2 };
    compiler.node(node, false)?;
    compiler.push(Inst::Match)?;
    Ok((compiler.code, compiler.registers))
}

impl Inst {
    /// What it weighs.
    fn weight(&self) -> usize {
        let more = match self {
            Inst::Class(class) => class.len() * cost::RANGE,
            Inst::Run { kind, .. } => kind.weight(),
            _ => 0,
        };
        cost::INSTRUCTION + more
    }
}

/// What instructions weigh.
pub(super) fn weight(code: &[Inst]) -> usize {
    code.iter().map(Inst::weight).sum()
}

impl Compiler {
    fn push(&mut self, inst: Inst) -> Result<usize, String> {
        if self.code.len() >= CODE {
            return Err("pattern too large".into());
        }
        self.code.push(inst);
        Ok(self.code.len() - 1)
    }

    fn node(&mut self, node: &Node, back: bool) -> Result<(), String> {
        match node {
            Node::Empty => {}
            Node::Char(_) | Node::Any | Node::Class(_) => {
                self.push(single(node))?;
            }
            Node::Sequence(nodes) if back => {
                for node in nodes.iter().rev() {
                    self.node(node, back)?;
                }
            }
            Node::Sequence(nodes) => {
                for node in nodes {
                    self.node(node, back)?;
                }
            }
            Node::Either(options) => self.either(options, back)?,
            Node::Group(node, number) => {
                self.push(Inst::Save(number * 2 + usize::from(back)))?;
                self.node(node, back)?;
                self.push(Inst::Save(number * 2 + usize::from(!back)))?;
            }
            Node::Repeat { node, least, most, greedy, groups } => {
                self.repeat(node, (*least, *most), *greedy, *groups, back)?
            }
            Node::Back(number) => drop(self.push(Inst::Back(*number))?),
            Node::NamedBack(_) => return Err("Invalid named reference".into()),
            Node::Start => drop(self.push(Inst::Start)?),
            Node::End => drop(self.push(Inst::End)?),
            Node::WordEdge { inverted } => drop(self.push(Inst::WordEdge { inverted: *inverted })?),
            Node::Look { node, behind, inverted } => {
                let at = self.push(Inst::Look { behind: *behind, inverted: *inverted, end: 0 })?;
                self.node(node, *behind)?;
                let last = self.push(Inst::Match)?;
                if let Inst::Look { end, .. } = &mut self.code[at] {
                    *end = last + 1;
                }
            }
        }
        Ok(())
    }

    fn either(&mut self, options: &[Node], back: bool) -> Result<(), String> {
        let mut jumps = Vec::new();
        for (n, option) in options.iter().enumerate() {
            let last = n + 1 == options.len();
            let split = if last { None } else { Some(self.push(Inst::Split { first: 0, second: 0 })?) };
            self.node(option, back)?;
            if let Some(split) = split {
                jumps.push(self.push(Inst::Jump(0))?);
                self.code[split] = Inst::Split { first: split + 1, second: self.code.len() };
            }
        }
        let end = self.code.len();
        for jump in jumps {
            self.code[jump] = Inst::Jump(end);
        }
        Ok(())
    }

    fn repeat(
        &mut self,
        node: &Node,
        (least, most): (u32, u32),
        greedy: bool,
        groups: (usize, usize),
        back: bool,
    ) -> Result<(), String> {
        if greedy && matches!(node, Node::Char(_) | Node::Any | Node::Class(_)) {
            self.push(Inst::Run { kind: Box::new(single(node)), least, most })?;
            return Ok(());
        }
        let (count, start) = (self.registers, self.registers + 1);
        self.registers += 2;
        self.push(Inst::Zero(count))?;
        let head = self.push(Inst::Loop { count, least, most, greedy, exit: 0 })?;
        self.push(Inst::Save(start))?;
        if groups.0 <= groups.1 {
            self.push(Inst::Reset(groups.0 * 2, groups.1 * 2 + 2))?;
        }
        self.node(node, back)?;
        let last = self.push(Inst::Again { count, start, least, head })?;
        if let Inst::Loop { exit, .. } = &mut self.code[head] {
            *exit = last + 1;
        }
        Ok(())
    }
}

fn single(node: &Node) -> Inst {
    match node {
        Node::Char(c) => Inst::Char(*c),
        Node::Class(class) => Inst::Class(class.clone()),
        _ => Inst::Any,
    }
}

/// A text as the matcher sees it: by code unit or by code point.
pub(crate) enum Input<'t> {
    Ascii(&'t [u8]),
    Units(Vec<u32>),
}

impl Input<'_> {
    fn len(&self) -> usize {
        match self {
            Input::Ascii(bytes) => bytes.len(),
            Input::Units(units) => units.len(),
        }
    }

    #[inline]
    fn at(&self, index: usize) -> Option<u32> {
        match self {
            Input::Ascii(bytes) => bytes.get(index).map(|&b| u32::from(b)),
            Input::Units(units) => units.get(index).copied(),
        }
    }
}

/// Ends of the groups, in units of the input; group 0 is the whole match.
pub(crate) struct Match {
    pub(crate) groups: Vec<Option<(usize, usize)>>,
}

/// What a search came to.
pub(crate) enum Outcome {
    Found(Match),
    NotFound,
    /// The bound was reached.
    TooMuch,
}

enum Entry {
    Way(usize, usize),
    Old(usize, usize),
    /// A run that may give back from `.2` down to `.1`.
    Give(usize, usize, usize),
}

struct Machine<'p> {
    program: &'p Program,
    input: &'p Input<'p>,
    registers: Vec<usize>,
    stack: Vec<Entry>,
    tries: u64,
    limit: Limit,
}

/// How far a search may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// Instructions.
    pub(crate) tries: u64,
    /// Bytes of the stack of ways back.
    pub(crate) bytes: usize,
}

/// The bound was reached.
struct TooMuch;

impl Program {
    /// Searches from `from` on; gives the outcome and the instructions spent.
    pub(crate) fn search(&self, input: &Input<'_>, from: usize, sticky: bool, limit: Limit) -> (Outcome, u64) {
        let registers = vec![NONE; self.registers];
        let mut machine = Machine { program: self, input, registers, stack: Vec::new(), tries: 0, limit };
        let first = match self.code.first() {
            Some(Inst::Char(c)) if !self.flags.ignore_case => Some(*c),
            _ => None,
        };
        for start in from..=input.len() {
            if first.is_some() && input.at(start) != first && !sticky {
                // Sixteen characters are passed for the price of one instruction.
                machine.tries += u64::from(start % 16 == 0);
                continue;
            }
            machine.tries += (machine.registers.len() / 16) as u64;
            machine.registers.fill(NONE);
            machine.stack.clear();
            match machine.run(0, start, false) {
                Err(TooMuch) => return (Outcome::TooMuch, machine.tries),
                Ok(Some(end)) => {
                    let group = |n: usize| match (machine.registers[n * 2], machine.registers[n * 2 + 1]) {
                        (NONE, _) | (_, NONE) => None,
                        (from, to) => Some((from, to)),
                    };
                    let mut groups = vec![Some((start, end))];
                    groups.extend((1..=self.groups).map(group));
                    return (Outcome::Found(Match { groups }), machine.tries);
                }
                Ok(None) if sticky => break,
                Ok(None) => {}
            }
        }
        (Outcome::NotFound, machine.tries)
    }
}

impl Machine<'_> {
    /// Runs from an instruction until `Match`; the end of the match, or nothing.
    fn run(&mut self, mut pc: usize, mut at: usize, back: bool) -> Result<Option<usize>, TooMuch> {
        let floor = self.stack.len();
        let program = self.program;
        loop {
            self.tries += 1;
            if self.tries > self.limit.tries || self.stack.len() * cost::WAY > self.limit.bytes {
                return Err(TooMuch);
            }
            let next = match &program.code[pc] {
                Inst::Match => {
                    return Ok(Some(at));
                }
                inst @ (Inst::Char(_) | Inst::Any | Inst::Class(_)) => {
                    self.consume(inst, at, back).map(|moved| (pc + 1, moved))
                }
                Inst::Run { kind, least, most } => {
                    self.take_run(kind, *least, *most, at, back, pc + 1)?.map(|at| (pc + 1, at))
                }
                Inst::Split { first, second } => {
                    self.stack.push(Entry::Way(*second, at));
                    Some((*first, at))
                }
                Inst::Jump(to) => Some((*to, at)),
                Inst::Save(register) => {
                    self.set(*register, at);
                    Some((pc + 1, at))
                }
                Inst::Reset(from, to) => {
                    self.tries += ((to - from) / 4) as u64;
                    for register in *from..*to {
                        self.set(register, NONE);
                    }
                    Some((pc + 1, at))
                }
                Inst::Zero(register) => {
                    self.set(*register, 0);
                    Some((pc + 1, at))
                }
                Inst::Loop { count, least, most, greedy, exit } => {
                    let done = self.registers[*count];
                    let to = if done < *least as usize {
                        pc + 1
                    } else if done >= *most as usize {
                        *exit
                    } else {
                        let (first, second) = if *greedy { (pc + 1, *exit) } else { (*exit, pc + 1) };
                        self.stack.push(Entry::Way(second, at));
                        first
                    };
                    Some((to, at))
                }
                Inst::Again { count, start, least, head } => {
                    let done = self.registers[*count];
                    if self.registers[*start] == at && done >= *least as usize {
                        None
                    } else {
                        self.set(*count, done + 1);
                        Some((*head, at))
                    }
                }
                Inst::Back(group) => self.back_reference(*group, at, back).map(|at| (pc + 1, at)),
                Inst::Start => {
                    let line = program.flags.multiline && at > 0 && self.input.at(at - 1).is_some_and(is_line_end);
                    (at == 0 || line).then_some((pc + 1, at))
                }
                Inst::End => {
                    let line = program.flags.multiline && self.input.at(at).is_some_and(is_line_end);
                    (at == self.input.len() || line).then_some((pc + 1, at))
                }
                Inst::WordEdge { inverted } => {
                    let word = |c: Option<u32>| c.is_some_and(is_word);
                    let before = at > 0 && word(self.input.at(at - 1));
                    ((before != word(self.input.at(at))) != *inverted).then_some((pc + 1, at))
                }
                Inst::Look { behind, inverted, end } => {
                    self.look(pc + 1, at, *behind, *inverted)?.then_some((*end, at))
                }
            };
            match next {
                Some(way) => (pc, at) = way,
                None => match self.backtrack(floor) {
                    Some(way) => (pc, at) = way,
                    None => return Ok(None),
                },
            }
        }
    }

    fn set(&mut self, register: usize, value: usize) {
        self.stack.push(Entry::Old(register, self.registers[register]));
        self.registers[register] = value;
    }

    /// The last way not taken, with the registers as they were there.
    fn backtrack(&mut self, floor: usize) -> Option<(usize, usize)> {
        while self.stack.len() > floor {
            match self.stack.pop()? {
                Entry::Old(register, value) => self.registers[register] = value,
                Entry::Way(pc, at) => return Some((pc, at)),
                Entry::Give(pc, stop, at) => {
                    let at = if at > stop { at - 1 } else { at + 1 };
                    if at != stop {
                        self.stack.push(Entry::Give(pc, stop, at));
                    }
                    return Some((pc, at));
                }
            }
        }
        None
    }

    /// One character; where the match goes on.
    fn consume(&self, inst: &Inst, at: usize, back: bool) -> Option<usize> {
        let index = if back { at.checked_sub(1)? } else { at };
        let c = self.input.at(index)?;
        let flags = self.program.flags;
        let fits = match inst {
            Inst::Char(wanted) => c == *wanted || (flags.ignore_case && fold(c) == fold(*wanted)),
            Inst::Any => flags.dot_all || !is_line_end(c),
            Inst::Class(class) => class.contains(c, flags.ignore_case),
            _ => false,
        };
        fits.then_some(if back { index } else { at + 1 })
    }

    fn take_run(
        &mut self,
        kind: &Inst,
        least: u32,
        most: u32,
        start: usize,
        back: bool,
        pc: usize,
    ) -> Result<Option<usize>, TooMuch> {
        // How many characters are a try: a class is searched, and another case of a letter is looked up.
        let batch = match kind {
            _ if self.program.flags.ignore_case => 1,
            Inst::Class(_) => 4,
            _ => 8,
        };
        let mut at = start;
        let mut count = 0;
        let mut enough = (least == 0).then_some(start);
        while count < most
            && let Some(moved) = self.consume(kind, at, back)
        {
            at = moved;
            count += 1;
            self.tries += u64::from(count % batch == 0);
            if count == least {
                enough = Some(at);
            }
        }
        if self.tries > self.limit.tries {
            return Err(TooMuch);
        }
        let Some(enough) = enough else { return Ok(None) };
        if at != enough {
            self.stack.push(Entry::Give(pc, enough, at));
        }
        Ok(Some(at))
    }

    fn back_reference(&mut self, group: usize, at: usize, back: bool) -> Option<usize> {
        let (from, to) = match (self.registers[group * 2], self.registers[group * 2 + 1]) {
            (NONE, _) | (_, NONE) => return Some(at),
            ends => ends,
        };
        let length = to - from;
        self.tries += if self.program.flags.ignore_case { length } else { length / 8 } as u64;
        let start = if back { at.checked_sub(length)? } else { at };
        let same = |n: usize| match (self.input.at(from + n), self.input.at(start + n)) {
            (Some(a), Some(b)) => a == b || (self.program.flags.ignore_case && fold(a) == fold(b)),
            _ => false,
        };
        (0..length).all(same).then_some(if back { start } else { at + length })
    }

    /// An assertion: a match of its own, of which only the groups stay.
    fn look(&mut self, pc: usize, at: usize, behind: bool, inverted: bool) -> Result<bool, TooMuch> {
        let floor = self.stack.len();
        let found = self.run(pc, at, behind)?.is_some();
        if !found || inverted {
            // Undo what the assertion set, and forget its ways.
            while self.stack.len() > floor {
                if let Some(Entry::Old(register, value)) = self.stack.pop() {
                    self.registers[register] = value;
                }
            }
        } else {
            // Its ways are forgotten, its changes stay undoable.
            let kept: Vec<Entry> = self.stack.drain(floor..).filter(|entry| matches!(entry, Entry::Old(..))).collect();
            self.stack.extend(kept);
        }
        Ok(found != inverted)
    }
}
