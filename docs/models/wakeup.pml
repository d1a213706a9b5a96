/*
 * The sleep/wake protocol between ranks, as an exhaustive Promela model.
 *
 * Two models share this file:
 *
 *   default   two senders and one receiver; the rings are never full.
 *   -DSPACE   one sender and one receiver with a ring of CAPACITY records; the
 *             sender sleeps until the receiver publishes room.
 *
 * The README beside this file lists the switches that take one part of the
 * protocol out, most of them named NO_....
 *
 * How to read it: every statement touches at most one shared word, so Spin
 * interleaves the ranks word by word. The numbers in the comments are the steps
 * of the protocol.
 *
 * How a lost wake-up shows: a rank that polls may go to sleep at any moment, or
 * decide never to sleep again, and each step of its polling waits until it finds
 * something. A record (or room) that it would never notice, asleep or awake,
 * therefore leads to a state in which no one can move, which Spin reports as an
 * invalid end state.
 */

#ifdef SPACE
#define SENDERS  1
#else
#define SENDERS  2
#endif

#define RECEIVER SENDERS           /* Senders are ranks 0 .. SENDERS - 1. */
#define RANKS    (SENDERS + 1)
#define BIT(rank) (1 << (rank))    /* The rank's bit in marks. */

#ifndef RECORDS                    /* Each sender sends this many records. */
#ifdef SPACE
#define RECORDS  4
#else
#define RECORDS  3
#endif
#endif

#ifndef CAPACITY
#define CAPACITY 2                 /* The ring holds this many (SPACE only). */
#endif

/*
 * The receiver publishes head at the latest when it has consumed this many. The
 * code does so at a quarter of the ring; the model is lazier, up to the whole
 * ring, which is the most that is safe for records of one slot.
 */
#ifndef QUANTUM
#define QUANTUM  CAPACITY
#endif

/* ------------------------------------------------------------------------- */
/* Memory: sequentially consistent but for the store buffers (x86 TSO).      */
/* ------------------------------------------------------------------------- */

/*
 * A word with one writer. A plain store is first `buffered`: other ranks load
 * `memory` and do not see it yet. No rank loads a word it writes itself, so
 * store forwarding needs no modelling.
 *
 * The buffers of different words drain in any order, which is weaker than TSO
 * and so includes it. A second store to a word that is still pending replaces
 * the first; that is the run in which both drain at once.
 */
typedef Word {
  byte memory;
  byte buffered;
  bool pending;
  bool old                         /* Pending since the receiver fell asleep. */
};

/* Each word is indexed by the rank that writes it; unused ones stay 0. */
Word records[RANKS];               /* ring[i].records, written by sender i. */
Word armed[RANKS];                 /* armed[R], written by R. */
Word starved[RANKS];               /* ring[i].starved, written by sender i. */
Word head[RANKS];                  /* ring[0].head, written by the receiver. */

/* Only locked operations change marks, and the kernel keeps the doorbells. */
byte marks[RANKS];
byte doorbell[RANKS];

inline store(word, value) {
  d_step { word.buffered = value; word.pending = true }
}

/* To be used inside a d_step. */
inline drain(word) {
  word.memory = (word.pending -> word.buffered : word.memory);
  word.buffered = 0;
  word.pending = false;
  word.old = false
}

/* To be used inside a d_step: what a fence is, and how a locked operation begins. */
inline drainOwn(self) {
  drain(records[self]);
  drain(armed[self]);
  drain(starved[self]);
  drain(head[self])
}

inline fence(self) {
  d_step { drainOwn(self) }
}

inline lockedOr(self, target, bits) {
  d_step { drainOwn(self); marks[target] = marks[target] | bits }
}

/*
 * The hardware: any pending store becomes visible at any time, and all of them
 * do in the end. System calls do not drain anything here, because the protocol
 * does not count on them.
 */
active proctype Memory() {
end:
  do
  :: d_step { records[0].pending -> drain(records[0]) }
#if SENDERS > 1
  :: d_step { records[1].pending -> drain(records[1]) }
#endif
  :: d_step { armed[RECEIVER].pending -> drain(armed[RECEIVER]) }
#ifdef SPACE
  :: d_step { armed[0].pending -> drain(armed[0]) }
  :: d_step { starved[0].pending -> drain(starved[0]) }
  :: d_step { head[RECEIVER].pending -> drain(head[RECEIVER]) }
#endif
  od
}

/* ------------------------------------------------------------------------- */
/* What a waker does: steps 3 to 5 of publishing, towards rank `target`.     */
/* ------------------------------------------------------------------------- */

inline wake(self, target) {
  if
  :: (marks[target] & BIT(self))   /* 3. The target polls us: the hot path. */
  :: else ->
     lockedOr(self, target, BIT(self));               /* 4. */
     lookedArmed = armed[target].memory;              /* 5. */
#ifndef RING_ALWAYS
     if
     :: lookedArmed ->
#endif
        /* A doorbell is rung only at a rank that was armed when looked at. */
        assert(lookedArmed);
        doorbell[target]++
#ifndef RING_ALWAYS
     :: else
     fi;
#endif
     lookedArmed = 0               /* Forgotten, to keep the states few. */
  fi
}

/* ------------------------------------------------------------------------- */
/* What a sleeper does: arm (1, 2), look again (3, by the caller), and stay  */
/* awake after all (3) or sleep for a while (4), look for a third time, and  */
/* sleep on (5). `polled` is its private active set; Promela keeps the word  */
/* "active" for itself.                                                      */
/* ------------------------------------------------------------------------- */

/* One step of polling: the marks have a rank that is not polled yet. */
inline pollMarks(self) {
#ifndef NO_MARKS_POLL
  d_step {
    (marks[self] & ~polled) -> polled = polled | marks[self]
  }
#else
  false
#endif
}

inline arm(self) {
  d_step {                         /* 1. exchange(marks[self], 0) */
    drainOwn(self);
#ifndef NO_TAKEN_BITS
    polled = polled | marks[self];
#endif
    marks[self] = 0
  };
  store(armed[self], 1)            /* 2. The caller adds the fence. */
}

inline lookAtMarks(self) {
#ifndef NO_MARKS_LOOK
  found = found || marks[self] != 0
#else
  skip
#endif
}

inline stayAwake(self) {           /* 3. Something is there. */
  found = false;
  store(armed[self], 0)
#ifndef NO_RESTORED_BITS
  ;
  /* The marks go back, so that those senders are on the hot path again. */
  lockedOr(self, self, polled)
#endif
}

inline sleepUntilRung(self) {
  (doorbell[self] > 0);            /* poll */
  doorbell[self] = 0               /* read */
}

/* ------------------------------------------------------------------------- */
/* The sender                                                                */
/* ------------------------------------------------------------------------- */

#define HAS_ROOM (sent - head[RECEIVER].memory < CAPACITY)

inline publishRecord(self) {
  sent++;
  store(records[self], sent);      /* 1. A plain store, */
                                   /* 2. for which nobody waits. */
  wake(self, RECEIVER)             /* 3. to 5. */
}

inline lookAtHead() {
#ifndef NO_HEAD_LOOK
  found = found || HAS_ROOM
#else
  skip
#endif
}

/* The second look may take its words in either order. */
inline lookAgainAsSender(self) {
#ifndef NO_SECOND_LOOK
  if
  :: lookAtHead(); lookAtMarks(self)
  :: lookAtMarks(self); lookAtHead()
  fi
#else
  skip
#endif
}

inline waitForRoom(self) {
  if
  :: HAS_ROOM
  :: else ->
#ifndef NO_STARVED_STORE
     store(starved[self], 1);      /* 1. */
#ifndef NO_STARVED_FENCE
     fence(self);
#endif
#endif
     do
     :: HAS_ROOM -> break          /* 2., and the polling of head later on. */
     :: pollMarks(self)
     :: !sleepless -> sleepless = true
     :: !sleepless ->
        arm(self);
#ifndef NO_SENDER_ARMED_FENCE
        fence(self);
#endif
        lookAgainAsSender(self);
        if
        :: found -> stayAwake(self)
        :: else ->                 /* 4. It has no rings for a third look. */
           polled = 0;
           sleepUntilRung(self);
           store(armed[self], 0)
        fi
     od;
     store(starved[self], 0)
  fi
}

inline sendAll(self) {
  do
  :: sent == RECORDS -> break
  :: sent < RECORDS ->
#ifdef SPACE
     waitForRoom(self);
#endif
     publishRecord(self)
  od
}

active proctype Sender0() {
  byte sent;
  bool lookedArmed;
#ifdef SPACE
  byte polled;
  bool found;
  bool sleepless;                  /* The rank never sleeps again. */
#endif
  sendAll(0)
}

#if SENDERS > 1
active proctype Sender1() {
  byte sent;
  bool lookedArmed;
  sendAll(1)
}
#endif

/* ------------------------------------------------------------------------- */
/* The receiver                                                              */
/* ------------------------------------------------------------------------- */

#define HAS_RECORD(i) ((polled & BIT(i)) && records[i].memory > received[i])

inline publishHead() {
  published = received[0];
  store(head[RECEIVER], published);                   /* 1. */
#ifndef NO_HEAD_FENCE
  fence(RECEIVER);
#endif
  if                                                  /* 2. */
  :: starved[0].memory -> wake(RECEIVER, 0)
  :: else
  fi
}

inline lookAtRings() {
  found = found || HAS_RECORD(0)
#if SENDERS > 1
  ; found = found || HAS_RECORD(1)
#endif
}

/* The second look may take its words in either order. */
inline lookAgainAsReceiver() {
#ifndef NO_SECOND_LOOK
#ifndef NO_RINGS_LOOK
  if
  :: lookAtRings(); lookAtMarks(RECEIVER)
  :: lookAtMarks(RECEIVER); lookAtRings()
  fi
#else
  lookAtMarks(RECEIVER)
#endif
#else
  skip
#endif
}

/*
 * The receiver sleeps for so long that every store which was pending when it
 * fell asleep has drained, and looks at the rings once more: a sender may have
 * seen its mark while its record was pending. When it is rung before that, it
 * goes on polling these rings.
 */
#if SENDERS > 1
#define ARRIVED (!records[0].old && !records[1].old)
#else
#define ARRIVED (!records[0].old)
#endif

inline sleepAsReceiver() {
  d_step {
    records[0].old = records[0].pending
#if SENDERS > 1
    ; records[1].old = records[1].pending
#endif
  };
  if
  :: sleepUntilRung(RECEIVER)
#ifndef NO_THIRD_LOOK
#ifdef EARLY_THIRD_LOOK
  :: (doorbell[RECEIVER] == 0) ->
#else
#ifdef UNREAD_DOORBELL
  :: ARRIVED ->
     doorbell[RECEIVER] = 0;       /* What was rung meanwhile is lost. */
#else
  :: (ARRIVED && doorbell[RECEIVER] == 0) ->
#endif
#endif
     lookAtRings();
     if
     :: found -> found = false
     :: else -> polled = 0; sleepUntilRung(RECEIVER)
     fi
#endif
  fi;
  store(armed[RECEIVER], 0)
}

#if SENDERS > 1
#define ALL_RECEIVED (received[0] == RECORDS && received[1] == RECORDS)
#else
#define ALL_RECEIVED (received[0] == RECORDS)
#endif

active proctype Receiver() {
  byte polled;
  byte received[SENDERS];
  bool found;
  bool sleepless;                  /* The rank never sleeps again. */
#ifdef SPACE
  byte published;
  bool lookedArmed;
#endif

  do
  :: ALL_RECEIVED -> break

  /* Polling: the steps of a round come in any order and any number. */
  :: pollMarks(RECEIVER)
  :: HAS_RECORD(0) ->
#ifdef SPACE
     /* The sender has not overrun the ring, however old the head it saw. */
     assert(records[0].memory - received[0] <= CAPACITY);
#endif
     received[0]++
#ifdef SPACE
     ;
     if
     :: publishHead()
     :: received[0] - published < QUANTUM             /* Later, or never. */
     fi
#endif
#if SENDERS > 1
  :: HAS_RECORD(1) -> received[1]++
#endif

  /* Going to sleep: at any moment, and as often as it likes. */
  :: !ALL_RECEIVED && !sleepless -> sleepless = true
  :: !ALL_RECEIVED && !sleepless ->
     arm(RECEIVER);
#ifndef NO_RECEIVER_FENCE
     fence(RECEIVER);
#endif
     lookAgainAsReceiver();
     if
     :: found -> stayAwake(RECEIVER)
     :: else -> sleepAsReceiver()  /* 4. and 5. */
     fi
  od;

  assert(received[0] == RECORDS);
#if SENDERS > 1
  assert(received[1] == RECORDS)
#endif
}
