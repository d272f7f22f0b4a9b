//! How a master starts a worker: one of this crate's, or a guest.

use super::{
    guest,
    hand::Hand,
    master::Master,
    port::Port,
    program::Pinned,
    wire::{Hello, PRIVATE_UNIQUE_ID, Told, UNIQUE_ID},
};
use crate::{farewell::Farewell, host::Source, messenger::Who, policy::Policy, supervisor};
use std::{io, os::fd::OwnedFd, rc::Rc};
use wirebook_net as net;
use wirebook_process::{Io, Limits};

impl Master {
    fn program(&self, generation: u64) -> Rc<Pinned> {
        let supervisor = self.0.supervisor.borrow();
        let mut programs = self.0.programs.borrow_mut();
        // What nobody is of any more, and nobody will be, need not be held: a reload may be asked for before the last one is over, again
        // and again.
        let is_of_use = |known: &u64| {
            *known == supervisor.proven_generation() || supervisor.workers().any(|view| view.generation == *known)
        };
        programs.retain(|known, _| is_of_use(known));
        let pinned = programs.entry(generation).or_insert_with(|| Rc::new(Pinned::new(&self.0.program)));
        pinned.clone()
    }

    pub(super) fn start_worker(&self, worker: u64, slot: usize, generation: u64) -> io::Result<()> {
        let options = &self.0.options;
        let untaken = options.untaken.max(1);
        let (fork, ear, name) = match options.guests {
            None => (self.program(generation).fork(), None, UNIQUE_ID),
            Some(_) => {
                let ear = guest::ear(options.place.as_ref(), worker)?;
                (guest::fork(&self.0.program, self.listeners(worker, slot)?)?, ear, PRIVATE_UNIQUE_ID)
            }
        };
        let fork = fork.limits(Limits { window: untaken, ..Limits::default() }).with(|spawn| {
            let mut spawn = guest::without_masters_own(spawn).env(name, worker.to_string()).group(true);
            if let (Some(place), Some(_)) = (&options.place, &ear) {
                spawn = spawn.env("NOTIFY_SOCKET", place.notify_socket(worker));
            }
            if let Some((user, group)) = options.user {
                spawn = spawn.user(user, group);
            }
            if self.0.log.is_some() { spawn.stdout(Io::Pipe).stderr(Io::Pipe) } else { spawn }
        });
        let (mut child, channel) = fork.start()?;
        if let Some(log) = &self.0.log {
            let streams = [(Source::Out, child.stdout.take()), (Source::Error, child.stderr.take())];
            for (source, pipe) in streams.into_iter().filter_map(|(source, pipe)| Some((source, pipe?))) {
                net::spawn(guest::collect(log.clone(), worker, source, pipe));
            }
        }
        let who = if self.0.is_agents { Who::Agent } else { Who::Worker(worker) };
        let hand = Hand::new(who, (worker, slot, generation), (child, channel), untaken);
        self.0.hands.borrow_mut().insert(worker, hand.clone());
        let supervisor::Options { beat, drain: deadline, .. } = options.supervisor;
        let farewell = Farewell { deadline, ..options.farewell };
        let shares = options.policy == Policy::Shared;
        let agent = self.0.is_agents;
        // Who is not told who it is does not become ready.
        let _ = hand.tell(&Told::Hello(Hello { worker, slot, generation, agent, beat, farewell, shares }), None);
        let attends = options.guests.map(|guests| net::spawn(guest::attend(self.clone(), hand.clone(), guests, ear)));
        net::spawn(self.clone().watch(hand, attends));
        Ok(())
    }

    /// What a guest is given: all ports, in the order in which they were opened.
    fn listeners(&self, worker: u64, slot: usize) -> io::Result<Vec<(String, OwnedFd)>> {
        let mut ports = self.ports();
        ports.sort_by_key(|port| port.key);
        let listener = |port: &Rc<Port>| {
            port.users.borrow_mut().insert(worker);
            Ok((port.address.to_string(), port.queue_of_guest(slot)?))
        };
        ports.iter().map(listener).collect()
    }
}
