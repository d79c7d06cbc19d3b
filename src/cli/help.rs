//! What `--help` says below the options: examples, words, exit codes.

/// Below the help of the whole.
pub(super) const EXAMPLES: &str = "\
Examples:
  lanewatch demo                         see it work; nothing to install
  lanewatch                              watch ./lanes.toml
  lanewatch check prod.toml              prove every lane once; exit 1 if one fails
  lanewatch status --json | jq '.lanes[] | select(.word != \"ok\")'
  lanewatch release billing-refunds --reason 'key replaced'

Exit codes: 0 all good, 1 a lane is refused or failing, 2 bad usage or manifest,
3 store or engine unreachable, 4 audit broken or unwritable, 70 internal.";

/// Below that of `rotate`.
pub(super) const ROTATE: &str = "\
It asks the engine that runs; where none does, it runs one itself until the rotation is over. The
way is that of the lane's kind: a refresh, a new lease, the provider's own rotation, the store's
newer version, or its owner.

Steps, each a line (with --json an object with at, lane, step, generation, outcome, text, do, seq):
  engine          no engine runs: this one does until the rotation is over
  intent          it is taken on, and on record
  waiting         another process renews the same grant or key
  lock            it is ours; the store is read again
  request         the request leaves: from here on a lost answer may have used the grant up
  storing stored  the store is asked to take the new one, and has it; it serves nobody yet
  extended        a lease was made longer: there is no new credential
  lost_race       somebody else was faster; theirs is tested
  test            it is proved
  promoted        it serves
  degraded_opened degraded_closed
                  the old one ended before the new one was proven; that is over
  awaiting_owner  a person has to bring the new one
  completed       the rotation is done
  overlap         the old one is kept for calls that still use it
  retired revoked retire_failed
                  it is forgotten here, made useless upstream, or could not be
  uncertain failed held
                  it did not work; the last line says what to do next

Stopping it (Ctrl-C) stops the telling only, where another engine does the work.

Examples:
  lanewatch rotate deploy-keys
  lanewatch rotate deploy-keys --promoted && ./deploy.sh
  lanewatch rotate crm-read --json | jq -r .step

Exit codes: 0 the new one serves and the old one was let go of, 1 it failed or was refused, 2 bad
usage, 3 store or engine unreachable.";

/// Below that of `simulate`.
pub(super) const SIMULATE: &str = "\
Faults, each KIND=AMOUNT@WHEN; WHEN is a time after the beginning, or anywhere (the seed decides):
  store-outage=20m@6h       every store refuses every connection
  provider-5xx=5m@2h        token endpoints and upstreams answer 503
  429=90s@30m               they answer 429 and ask for patience (60 s at most at a time)
  revoke=3@1h               the grants and tokens of three lanes are revoked; 5% of all works too
  lost-response=2@1h        the next two answers to a refresh are lost after the provider has acted
  lost-response=1%          one in a hundred, all the time
  clock-jump=-1h@6h         the wall clock is set back by an hour
  suspend=30m@6h            the machine sleeps
  crash=10s@6h              the process is killed, and started again after ten seconds

What is counted:
  A refresh is late if a credential's life ended with no successor serving, unless its grant was
  revoked or lost. It is unavoidable if from the moment at which it was due to that end no two
  seconds were free of faults. Late is late even if nobody called meanwhile.
  A dead-credential call is a request with a credential, or a serving of it, after its real end or
  after an upstream had rejected it.
  Store back to fresh: of the lanes whose refresh was due, or whose gate was closed, when the stores
  answered again, from then to a successor that serves.

What is simulated: the lanes, queues, limits and circuits are those of the engine itself. Around
them a store answers within 5 ms, an upstream within 40 ms, a token endpoint within 60 ms. Every lane
has a grant or a key of its own, tokens are minted at the start, owners replace keys after 80 % of
their lives. Routine looks of lanes that are well, while the world is well and places are free, are
counted at their moments but not played out: their answers change nothing (--every-request plays
them out too).

Examples:
  lanewatch simulate prod.toml --for 30d --fault store-outage=20m@anywhere
  lanewatch simulate prod.toml --lanes 10000 --life 60s --for 1h --fault store-outage=15s@anywhere
  lanewatch simulate prod.toml --fault suspend=2h@6h --json | jq .late_refreshes

Exit codes: 0 nothing avoidable went wrong, 1 a refresh was late that could have been made or a dead
credential was used, 2 bad usage or manifest.";
