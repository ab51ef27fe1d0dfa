/** What adds core-hours up, beside the configuration of the central manager: a module of the program that counts the demand. */
export const CORE_HOURS_FILE = 'core_hours.py';

/** What has been used, in the central manager's spool. */
export const CORE_HOURS_STATE = 'elastic-core-hours.json';

/**
 * Adds up what machines use, from what their ads say: when each began, and when it was last heard of. What is between counts also when nobody
 * looked. A machine is remembered for a day after it was last heard of, so that a link that was cut or a collector that has
 * forgotten it doesn't have it count twice.
 */
export const CORE_HOURS_SCRIPT = String.raw`# What the machines of elastic fleets have used in the period of their budget, in core-seconds.
import calendar, json, os, time

REMEMBERED = 86400


def period_of(kind, now):
    """The name of the period, and when it began, in UTC."""
    year, month, day = time.gmtime(now)[:3]
    date = {"year": (year, 1, 1), "month": (year, month, 1), "day": (year, month, day)}[kind]
    name = {"year": "%04d", "month": "%04d-%02d", "day": "%04d-%02d-%02d"}[kind]
    return name % date[:name.count("%")], calendar.timegm(date + (0, 0, 0))


def add(known, kind, machines, now):
    """What is known of a fleet, and what its machines have used meanwhile: each is (name, began, last heard of, cores)."""
    period, begin = period_of(kind, now)
    if known.get("period") != period:
        known = {"period": period, "past": 0, "machines": {}, "elsewhere": 0}
    past, kept = known["past"], dict(known["machines"])
    for name, began, heard, cores in machines:
        # one that has been heard of only before the period has not used anything of it yet
        if heard > begin:
            since, until, _ = kept.get(name, (max(began, begin), 0, cores))
            kept[name] = (since, max(since, until, min(heard, now)), cores)
    for name, (since, until, cores) in list(kept.items()):
        if now - until > REMEMBERED:
            past += (until - since) * cores
            del kept[name]
    return {"period": period, "past": past, "machines": kept, "elsewhere": known["elsewhere"]}


def core_hours(known):
    return (known["past"] + sum((until - since) * cores for since, until, cores in known["machines"].values())) / 3600


def heard(known, counted):
    """What another central manager has counted itself, in core-hours. It is never added to what is counted here: both count the same machines."""
    return dict(known, elsewhere=max(known["elsewhere"], counted))


def used(known):
    return max(core_hours(known), known["elsewhere"])


def affordable(budget, used):
    """How many machines there may be, if each of them may still use all that one uses in its lifetime."""
    return max(0, int((budget["coreHours"] - used) / budget["ofOneMachine"]))


def load(path):
    # a file that can't be read is an error: nothing known is not nothing used
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        return json.load(file)


def save(path, state):
    with open(path + ".new", "w") as file:
        json.dump(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)
    directory = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
`;
