// Runs machines in XState itself. Reads a list of jobs as JSON from stdin, writes what came of each.
//
// A job has a config, a version, the answers of guards by name, and events: names to send, or
// numbers of milliseconds to wait. Told after the start and after each event: the paths of the
// active states, and the names of the actions that were carried out.

const home = process.argv[2];
const read = require("fs").readFileSync(0, "utf8");

// What dumps() writes by name, XState builds with functions.
function guardFive(x, guard) {
  if (guard === undefined || typeof guard === "string") return guard;
  const given = guard.params || {};
  switch (guard.type) {
    case "xstate.and": return x.and(given.guards.map((g) => guardFive(x, g)));
    case "xstate.or": return x.or(given.guards.map((g) => guardFive(x, g)));
    case "xstate.not": return x.not(guardFive(x, given.guard));
    case "xstate.stateIn": return x.stateIn(given.stateValue);
    default: return guard;
  }
}

function actionFive(x, action) {
  const given = action.params || {};
  switch (action.type) {
    case "xstate.raise": return x.raise(given.event, { delay: given.delay, id: given.id });
    case "xstate.cancel": return x.cancel(given.sendId);
    case "xstate.send": return x.sendTo(({ self }) => self, given.event, { id: given.id });
    default: return action;
  }
}

const list = (value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]);

function revive(x, state) {
  const actions = (value) => list(value).map((a) => actionFive(x, a));
  const line = (value) => {
    if (Array.isArray(value)) return value.map(line);
    if (value === null || typeof value === "string") return value === null ? undefined : value;
    return { ...value, guard: guardFive(x, value.guard), actions: actions(value.actions) };
  };
  const lines = (held) =>
    held && Object.fromEntries(Object.entries(held).map(([k, v]) => [k, line(v)]));
  const made = { ...state, entry: actions(state.entry), exit: actions(state.exit) };
  for (const key of ["on", "after"]) if (state[key]) made[key] = lines(state[key]);
  for (const key of ["always", "onDone"]) if (state[key]) made[key] = line(state[key]);
  if (state.invoke) {
    made.invoke = list(state.invoke).map((one) => {
      const held = { ...(typeof one === "string" ? { src: one } : one) };
      for (const key of ["onDone", "onError", "onSnapshot"]) if (held[key]) held[key] = line(held[key]);
      return held;
    });
  }
  if (state.initial && typeof state.initial === "object")
    made.initial = { ...state.initial, actions: actions(state.initial.actions) };
  if (state.states)
    made.states = Object.fromEntries(
      Object.entries(state.states).map(([k, v]) => [k, revive(x, v)]),
    );
  return made;
}

// Every name is known: guards answer as the job says, actions are noted, services never end.
const known = (make) =>
  new Proxy({}, { get: (_, name) => (typeof name === "string" ? make(name) : undefined), has: () => true });

function five(x, job) {
  let said = [];
  const config = { ...revive(x, job.config), options: { maxIterations: 400 } };
  const machine = x.createMachine(config, {
    guards: known((name) => () => Boolean(job.guards[name])),
    actions: known((name) => () => void said.push(name)),
    actors: known(() => x.fromCallback(() => {})),
    delays: known((name) => job.delays[name]),
  });
  const clock = new x.SimulatedClock();
  const actor = x.createActor(machine, { clock });
  let failed;
  actor.subscribe({ error: (error) => void (failed = error) });
  const told = [];
  const tell = () => {
    if (failed) throw failed;
    const nodes = actor.getSnapshot()._nodes.filter((n) => n.parent);
    told.push({ states: nodes.map((n) => n.path.join(".")), actions: said });
    said = [];
  };
  actor.start();
  tell();
  for (const event of job.events) {
    if (typeof event === "number") clock.increment(event);
    else actor.send({ type: event });
    tell();
  }
  return told;
}

function four(x, simulated, job) {
  let said = [];
  const machine = x.createMachine({ predictableActionArguments: true, ...job.config }, {
    guards: known((name) => () => Boolean(job.guards[name])),
    actions: known((name) => (name.startsWith("xstate.") ? undefined : () => void said.push(name))),
    services: known(() => () => () => {}),
    delays: known((name) => job.delays[name]),
  });
  const clock = new simulated.SimulatedClock();
  const service = x.interpret(machine, { clock });
  const told = [];
  const tell = () => {
    const nodes = service.getSnapshot().configuration.filter((n) => n.parent);
    told.push({ states: nodes.map((n) => n.path.join(".")), actions: said });
    said = [];
  };
  service.start();
  tell();
  for (const event of job.events) {
    if (typeof event === "number") clock.increment(event);
    else service.send({ type: event });
    tell();
  }
  return told;
}

console.warn = () => {};
console.error = () => {};
const load = (version) => require(`${home}/xstate-${version}/package`);
const answers = JSON.parse(read).map((job) => {
  try {
    if (job.shape) {
      const x = load(job.version);
      const machine = x.createMachine(job.version[0] === "5" ? revive(x, job.config) : job.config);
      return { told: JSON.parse(JSON.stringify(machine)) };
    }
    if (job.version[0] === "5") return { told: five(load(job.version), job) };
    const simulated = require(`${home}/xstate-${job.version}/package/lib/SimulatedClock`);
    return { told: four(load(job.version), simulated, job) };
  } catch (error) {
    return { error: String(error && error.message) };
  }
});
process.stdout.write(JSON.stringify(answers));
