/*
 * Tabs that have the same session: two or three pages, as js/engine.js, js/storage.js and
 * src/session.c let them read, write and tell each other what has become of a grant.
 *
 * A page reads what is stored before each event, takes it over if its epoch is higher or its line is
 * another, lets the event move the grants, tells the others which grants it revokes, writes, and sends
 * what is to be revoked. From reading to writing an event is one step, but a page can be killed behind each of
 * these, and be opened again; what it sends is a step of its own. Messages, and the browser's event
 * that something was stored, come at any later time, in any order, or never: each only makes a page
 * read what is there by then. An answer comes at any time, or never.
 *
 *   SESSION    storage 'session': each page has a snapshot of its own, which a duplicated one
 *              starts with; the numbers of the grants that have ended are a list that all read.
 *              Otherwise storage 'local': one snapshot for all.
 *   DELAYED    what a page has stored, and its message, reach another page too late for one event
 *              of the whole run (docs/limits.md). Otherwise they are there when the next event of
 *              the other page begins.
 *   NO_AGENT   only customers sign in.
 *   NO_KILL    no page is killed.
 *   CLEAR      a script empties the storage, once; no grant is refreshed.
 *   FULL       what a page writes after a sign-in does not fit, once.
 *   CLAIMS     which of the rules below are asserted.
 *
 *   NO_READ, NO_LINE, OLD_LINE, NO_MEMORY, NO_RESTORING
 *              break it: an event begins without reading what is stored; epochs are compared whatever
 *              their line; a page that finds the storage empty goes on with its line; a page forgets
 *              who has signed out in it; what was retired over a grant that has ended elsewhere is
 *              revoked.
 *
 * What is left out: texts (a grant is the number of its first token); places (there is always one);
 * which of a grant's two tokens is revoked; that refresh tokens may not be stored, and whose tokens are
 * newer (see refresh.pml; here every page can refresh, and so does more than a real one); the list's
 * limit. Of each page one sign-in and one refresh are under way at a time. The server issues
 * TOKENS tokens; nothing else has a limit.
 */

#ifndef TABS
#define TABS 2
#endif
#ifndef TOKENS
#define TOKENS 3
#endif

/* No grant is dropped: a page lets go only of one that somebody has ended. */
#define R7 1
/* A token is revoked at most once. */
#define R8 2
/* The epochs that are written only rise. */
#define R23 4
/* Once somebody has signed out of a grant, no event of any page begins or ends with it. */
#define R24 8
/* Nor is it stored at the end of one. */
#define R24_STORED 16
/* Less than that: a page that has signed out of a grant does not have it on its requests again. */
#define R24_LEFT 32
/* What another page has ended, and what it has restored, is not revoked here. */
#define R5 64
/* A token that is alive is held by a page, or stored, or revoked. */
#define R7_HELD 128

#ifndef CLAIMS
#define CLAIMS (R5 | R7 | R8 | R23 | R24 | R24_STORED)
#endif
#define CLAIM(rule, condition) assert(!((CLAIMS) & (rule)) || (condition))

/* Sets of grants or tokens, which are numbered from 1. */
#define SET(number) (1 << (number))

#define CUSTOMER 1
#define AGENT 2

/* How an active grant ends. */
#define ELSEWHERE 1
#define DEAD 2
#define REVOKED 3

/* What a session holds, and what a snapshot says. */
typedef Grants {
  byte line;
  byte epoch; /* of a snapshot, 0: there is none */
  byte grant; /* the active one, 0: none */
  byte token;
  byte other; /* parked or retired, 0: none */
  byte otherToken;
  bit isRetired;
  bit isEmulating
}

typedef Page {
  bit isOpen;
  byte listRead;
  bit hasSeen; /* something is stored, as far as this page knows */
  byte left;   /* the active grant that was signed out of last */
  byte pending; /* a sign-in: whose */
  bit isCustomerKnown;
  byte asked;      /* the request for it, which may outlive it */
  byte refreshing; /* the grant */
  byte refreshed;  /* and the token that is to be refreshed */
  byte queued      /* tokens: to be revoked, not sent yet */
}

Grants stored[TABS]; /* with 'local' only the first */
Grants held[TABS];
Page page[TABS];
byte list;    /* with 'session' what localStorage holds: grants that have ended */
byte said[TABS]; /* grants that a page has sent a message of */
byte out;     /* grants that somebody has signed out of, or the server has declared dead */
byte agents;  /* grants that are an agent's */
byte issued;  /* tokens */
byte live;    /* tokens that are neither replaced nor dead */
byte lines;
bit isEmptied;
bit wasFull;
byte revoked; /* tokens, as the server received it */

#ifdef SESSION
#define AREA _pid
#else
#define AREA 0
#endif

#ifdef DELAYED
Grants seen[TABS]; /* what a page sees of it */
byte listSeen[TABS];
bit isBehind[TABS];
byte left[TABS];     /* grants that this page has signed out of */
byte revoking[TABS]; /* and those whose revocation has not settled */
bit wasLate;
#define SNAPSHOT seen[_pid]
#define LIST listSeen[_pid]
#else
#define SNAPSHOT stored[AREA]
#define LIST list
#endif

/* Two pages that have each written the same epoch have parted there. */
#define IS_OF_LINE                                                                        \
  (SNAPSHOT.line == me.line && !(SNAPSHOT.epoch == me.epoch && SNAPSHOT.grant != me.grant))
#define IS_NEWER (SNAPSHOT.epoch && (!IS_OF_LINE || SNAPSHOT.epoch > me.epoch))
#ifdef NO_LINE
#undef IS_OF_LINE
#define IS_OF_LINE true
#endif

/* What the others have said. */
#if TABS == 2
#define TOLD said[1 - _pid]
#else
#define TOLD (said[(_pid + 1) % 3] | said[(_pid + 2) % 3])
#endif

#define me held[_pid]
#define my page[_pid]
#define OF(grants) (SET(grants.grant) | SET(grants.other))
#define TOKENS_OF(grants) (SET(grants.token) | SET(grants.otherToken))
#define IS_AGENT ((agents & SET(me.grant)) != 0)
#define IS_EMULATING (IS_AGENT && me.isEmulating)

inline copy(to, from) {
  d_step {
    to.line = from.line;
    to.epoch = from.epoch;
    to.grant = from.grant;
    to.token = from.token;
    to.other = from.other;
    to.otherToken = from.otherToken;
    to.isRetired = from.isRetired;
    to.isEmulating = from.isEmulating
  }
}

inline wipe(grants) {
  d_step {
    grants.line = 0;
    grants.epoch = 0;
    grants.grant = 0;
    grants.token = 0;
    grants.other = 0;
    grants.otherToken = 0;
    grants.isRetired = 0;
    grants.isEmulating = 0
  }
}

inline forget_other() {
  me.other = 0;
  me.otherToken = 0;
  me.isRetired = 0
}

inline end_sign_in() {
  my.pending = 0;
  my.isCustomerKnown = 0
}

/* ---- What is stored, and told to the others ---------------------------------------------------- */

inline leave_others_behind() {
#ifdef DELAYED
  j = 0;
  do
  :: j < TABS ->
    isBehind[j] = isBehind[j] || j != _pid;
    j++
  :: else -> break
  od;
  j = 0
#else
  skip
#endif
}

/* A grant is revoked by this page, which may be killed behind it. */
inline tell(number) {
  if
  :: my.isOpen ->
    ended = ended | SET(number);
    said[_pid] = said[_pid] | SET(number);
#ifdef SESSION
    list = LIST | SET(number);
    out = out | SET(number);
#ifdef DELAYED
    LIST = list;
#endif
#endif
#ifdef NO_KILL
    leave_others_behind()
#else
    leave_others_behind();
    if
    :: true
    :: true -> my.isOpen = 0
    fi
#endif
  :: else
  fi
}

inline save() {
  me.epoch++;
  if
  :: me.line
  :: else ->
    lines++;
    me.line = lines
  fi;
  if
  :: my.isOpen ->
    CLAIM(R23, me.epoch > stored[AREA].epoch || me.line != stored[AREA].line);
#ifndef SESSION
    out = out | ended;
#endif
    copy(stored[AREA], me);
    my.hasSeen = 1;
#ifdef FULL
    if
    :: event == GRANTED && me.grant && !wasFull ->
      printf("page %d: the storage is full\n", _pid);
      wasFull = 1;
      wipe(stored[AREA]);
      my.hasSeen = 0
    :: true
    fi;
#endif
#ifndef SESSION
    leave_others_behind();
#endif
#ifdef DELAYED
    copy(seen[_pid], stored[AREA])
#endif
  :: else
  fi;
  ended = 0;
  isChanged = 0
}

/* ---- Reading ----------------------------------------------------------------------------------- */

/* Of another line, or where pages have parted, nobody has ended a grant that is not stored: it is
 * revoked here. */
inline revoke_strays() {
  if
  :: me.other && !(SET(me.other) & OF(SNAPSHOT)) ->
    revoke(me.other, me.otherToken);
    tell(me.other)
  :: else
  fi;
  if
  :: me.grant && !(SET(me.grant) & OF(SNAPSHOT)) ->
    revoke(me.grant, me.token);
    tell(me.grant)
  :: else
  fi;
  ended = 0
}

inline adopt() {
  if
  :: IS_OF_LINE ->
    ended = OF(me) & ~(SET(0) | OF(SNAPSHOT));
    CLAIM(R7, !(ended & ~out))
  :: else -> revoke_strays()
  fi;
#ifdef DELAYED
  /* Otherwise no snapshot names such a grant: R24_STORED. */
  gone = gone | revoking[_pid];
#endif
  ended = 0;
  if
  :: SNAPSHOT.grant != me.grant -> my.isCustomerKnown = 0
  :: else
  fi;
  if
#ifndef NO_MEMORY
  :: SNAPSHOT.grant && SNAPSHOT.grant == my.left ->
    /* Another page has written what it had not seen the end of. */
    gone = gone | SET(SNAPSHOT.grant)
#endif
  :: else
  fi;
  copy(me, SNAPSHOT);
  if
  :: me.grant && (my.pending == CUSTOMER || IS_AGENT) -> end_sign_in()
  :: else
  fi
}

inline read() {
#ifdef DELAYED
  if
  :: !isBehind[_pid]
  :: isBehind[_pid] ->
    isBehind[_pid] = 0;
    copy(seen[_pid], stored[AREA]);
    listSeen[_pid] = list;
    gone = TOLD
  :: isBehind[_pid] && !wasLate ->
    printf("page %d does not see it yet\n", _pid);
    wasLate = 1
  fi;
#endif
  if
  :: SNAPSHOT.epoch && !(IS_OF_LINE && SNAPSHOT.epoch < me.epoch) -> my.hasSeen = 1
  :: SNAPSHOT.epoch && IS_OF_LINE && SNAPSHOT.epoch < me.epoch ->
    printf("page %d sees that another one has written over it\n", _pid);
    save()
#ifndef OLD_LINE
  /* What this page writes next begins a new line: another page may have been at a later epoch of the
   * old one, so that either would take what the other one holds for ended. */
  :: !SNAPSHOT.epoch && my.hasSeen && !me.grant -> me.line = 0
#endif
  :: !SNAPSHOT.epoch && my.hasSeen && me.grant ->
    printf("page %d sees that what was stored is gone\n", _pid);
#ifndef OLD_LINE
    me.line = 0;
#endif
    save()
  :: else
  fi;
  if
  :: IS_NEWER -> adopt()
  :: else
  fi;
#ifdef SESSION
  if
  :: LIST != my.listRead ->
    my.listRead = LIST;
    gone = gone | LIST
  :: else
  fi
#else
  skip
#endif
}

/* ---- What events do to the grants -------------------------------------------------------------- */

/* The first of the grants that have ended elsewhere. */
inline one_has_gone() {
  j = 1;
  do
  :: !(gone & SET(j)) -> j++
  :: else -> break
  od;
  gone = gone & ~SET(j);
  if
  :: me.grant == j -> ends = ELSEWHERE
  :: me.other == j ->
    ended = SET(j);
    forget_other();
    isChanged = 1
  :: else
  fi;
  j = 0
}

inline sign_in(owner) {
  if
  :: !my.pending && (!me.grant || (owner == AGENT && !IS_AGENT)) ->
    printf("page %d signs in (%d)\n", _pid, owner);
    my.pending = owner;
    my.asked = owner;
    if
    :: owner == AGENT && me.grant -> my.isCustomerKnown = 1
    :: true
    fi
  :: else
  fi
}

inline granted() {
  issued++;
  live = live | SET(issued);
  printf("page %d is given token %d\n", _pid, issued);
  if
  :: my.pending ->
    agents = agents | (SET(issued) * (my.pending == AGENT));
    me.other = me.grant;
    me.otherToken = me.token;
    me.isRetired = me.grant && !my.isCustomerKnown;
    me.isEmulating = me.grant && my.isCustomerKnown;
    me.grant = issued;
    me.token = issued;
    isChanged = 1
  :: else -> my.queued = my.queued | SET(issued)
  fi;
  my.asked = 0;
  end_sign_in()
}

inline refused() {
  my.asked = 0;
  end_sign_in()
}

inline begin_refresh() {
  printf("page %d refreshes token %d\n", _pid, me.token);
  my.refreshing = me.grant;
  my.refreshed = me.token
}

inline refresh_granted() {
  issued++;
  live = live | SET(issued);
  printf("page %d has refreshed grant %d: token %d\n", _pid, my.refreshing, issued);
  if
  :: my.refreshing == me.grant ->
    live = live & ~SET(me.token);
    me.token = issued;
    isChanged = 1
  :: my.refreshing == me.other ->
    live = live & ~SET(me.otherToken);
    me.otherToken = issued;
    isChanged = 1
  :: else -> my.queued = my.queued | SET(issued)
  fi;
  my.refreshing = 0;
  my.refreshed = 0
}

/* For good: the grant is dead, unless another page has refreshed it meanwhile. */
inline refresh_refused() {
  printf("page %d may not refresh grant %d\n", _pid, my.refreshing);
  if
  :: my.refreshing == me.grant && my.refreshed == me.token -> ends = DEAD
  :: my.refreshing == me.other && my.refreshed == me.otherToken ->
    drop(me.otherToken);
#ifndef SESSION
    out = out | SET(me.other);
#endif
    forget_other();
    isChanged = 1
  :: else
  fi;
  my.refreshing = 0;
  my.refreshed = 0
}

inline emulate() {
  if
  :: IS_AGENT ->
    printf("page %d emulates\n", _pid);
    me.isRetired = me.other != 0;
    me.isEmulating = 1;
    isChanged = 1
  :: else
  fi
}

inline sign_out() {
  if
  :: IS_EMULATING ->
    printf("page %d ends the emulation\n", _pid);
    me.isRetired = me.other != 0;
    me.isEmulating = 0;
    isChanged = 1
  :: me.grant && !IS_EMULATING -> ends = REVOKED
  :: else
  fi;
  end_sign_in()
}

inline sign_out_agent() {
  if
  :: IS_AGENT -> ends = REVOKED
  :: my.pending == AGENT -> end_sign_in()
  :: else
  fi
}

/* The server has declared it dead: each page finds that out by itself, or by what is stored. */
inline drop(key) {
  live = live & ~SET(key)
}

inline revoke(number, key) {
  CLAIM(R5, ends != ELSEWHERE || (me.grant == my.left));
#ifdef DELAYED
  revoking[_pid] = revoking[_pid] | SET(number);
#endif
  my.queued = my.queued | SET(key)
}

/* Who has ended a grant revokes what was retired over it, also where another page that had not seen
 * that has written since. */
#ifdef NO_RESTORING
#define IS_FOR_US true
#else
#define IS_FOR_US (ends != ELSEWHERE || (me.grant == my.left))
#endif

/* The active grant ends. A retired one is revoked before it, a parked one is restored. */
inline end_active() {
  printf("page %d: end %d of grant %d\n", _pid, ends, me.grant);
  if
  :: me.isRetired && IS_FOR_US ->
    revoke(me.other, me.otherToken);
    tell(me.other);
    forget_other()
  :: me.isRetired && !IS_FOR_US ->
    /* The page in which the agent has signed out has restored it, or has told that it is revoked. If
     * it was killed between the two, nobody revokes it. */
#ifdef NO_KILL
    ended = ended | (SET(me.other) & TOLD);
#else
    ended = ended | SET(me.other);
#endif
    forget_other()
  :: else
  fi;
  if
  :: ends == REVOKED ->
    revoke(me.grant, me.token);
    my.left = me.grant;
#ifdef DELAYED
    left[_pid] = left[_pid] | SET(me.grant);
#endif
    tell(me.grant)
  :: ends == DEAD -> drop(me.token)
  :: else
  fi;
  ended = ended | SET(me.grant);
  me.grant = me.other;
  me.token = me.otherToken;
  me.isEmulating = 0;
  forget_other();
  ends = 0;
  isChanged = 1
}

inline send() {
  printf("page %d sends revocations (%d)\n", _pid, my.queued);
  CLAIM(R8, !(revoked & my.queued));
  revoked = revoked | my.queued;
  my.queued = 0
}

/* Every token that is alive is somewhere. */
inline look() {
  d_step {
    used = SET(0) | revoked | TOKENS_OF(stored[0]);
    j = 0;
    do
    :: j < TABS ->
      used = used | page[j].queued | TOKENS_OF(held[j]);
      j++
    :: else -> break
    od;
    j = 0
  }
  CLAIM(R7_HELD, !(live & ~used));
  used = 0
}

inline lower(number) {
  number = number - (number > gap)
}

/* Of epochs only the order counts: where two numbers in a row are nobody's, one is taken out. */
inline close_gaps() {
  d_step {
    used = SET(0);
    j = 0;
    do
    :: j < TABS ->
      used = used | SET(stored[j].epoch) | SET(held[j].epoch);
#ifdef DELAYED
      used = used | SET(seen[j].epoch);
#endif
      j++
    :: else -> break
    od;
    gap = 1;
    do
    :: (used >> gap) == 0 -> break
    :: (used >> gap) & 3 -> gap++
    :: else ->
      used = (used & (SET(gap) - 1)) | ((used >> (gap + 1)) << gap);
      j = 0;
      do
      :: j < TABS ->
        lower(stored[j].epoch);
        lower(held[j].epoch);
#ifdef DELAYED
        lower(seen[j].epoch);
#endif
        j++
      :: else -> break
      od
    od;
    used = 0;
    gap = 0;
    j = 0
  }
}

/* What a page knew is gone; what is stored stays. */
inline forget() {
  wipe(me);
  my.isOpen = 0;
  my.listRead = 0;
  my.hasSeen = 0;
  my.left = 0;
  end_sign_in();
  my.asked = 0;
  my.refreshing = 0;
  my.refreshed = 0;
#ifdef DELAYED
  left[_pid] = 0;
  revoking[_pid] = 0;
#endif
  my.queued = 0
}

mtype = {
  NONE, WAKE, HEAR, SIGN_IN, SIGN_IN_AGENT, GRANTED, REFUSED, REFRESH, REFRESH_GRANTED,
  REFRESH_REFUSED, EMULATE, SIGN_OUT, SIGN_OUT_AGENT, SETTLED
}

#define CAN_ISSUE (issued < TOKENS)

/* What may come next. */
inline choose() {
  if
  :: !my.isOpen ->
    printf("page %d is opened\n", _pid);
    my.isOpen = 1;
    event = WAKE
  :: else ->
    if
    :: event = WAKE
    :: TOLD -> event = HEAR
    :: !my.asked && CAN_ISSUE -> event = SIGN_IN
#ifndef NO_AGENT
    :: !my.asked && CAN_ISSUE -> event = SIGN_IN_AGENT
#endif
    :: my.asked && CAN_ISSUE -> event = GRANTED
    :: my.asked -> event = REFUSED
#ifndef CLEAR
    :: me.grant && !my.refreshing && CAN_ISSUE -> event = REFRESH
#endif
    :: my.refreshing && CAN_ISSUE -> event = REFRESH_GRANTED
    :: my.refreshing -> event = REFRESH_REFUSED
    :: IS_AGENT -> event = EMULATE
    :: me.grant || my.pending -> event = SIGN_OUT
    :: IS_AGENT || my.pending == AGENT -> event = SIGN_OUT_AGENT
#ifdef DELAYED
    :: revoking[_pid] -> event = SETTLED
#endif
    fi
  fi
}

inline perform() {
  if
  :: event == HEAR ->
    select(j : 1 .. TOKENS);
    gone = TOLD & SET(j);
    j = 0
  :: event == SIGN_IN -> sign_in(CUSTOMER)
  :: event == SIGN_IN_AGENT -> sign_in(AGENT)
  :: event == GRANTED -> granted()
  :: event == REFUSED -> refused()
  :: event == REFRESH -> begin_refresh()
  :: event == REFRESH_GRANTED -> refresh_granted()
  :: event == REFRESH_REFUSED -> refresh_refused()
  :: event == EMULATE -> emulate()
  :: event == SIGN_OUT -> sign_out()
  :: event == SIGN_OUT_AGENT -> sign_out_agent()
#ifdef DELAYED
  :: event == SETTLED -> revoking[_pid] = 0
#endif
  :: else
  fi;
  event = NONE
}

active[TABS] proctype Tab() {
  /* All of one event. */
  mtype event = NONE;
  byte gone;     /* grants that have ended elsewhere */
  byte ended;    /* and those that have here */
  byte ends;     /* how the active grant ends, 0: it does not */
  bit isChanged; /* the grants */
  byte j;
  int used;      /* epochs */
  byte gap;      /* the first number of a gap between them */
  do
  :: atomic {
       !my.queued ->
       choose();
#ifdef NO_READ
       if
       :: event == WAKE -> read()
       :: else
       fi;
#else
       read();
#endif
       do
       :: my.isOpen && (gone || event != NONE) ->
          if
          :: gone -> one_has_gone()
          :: else ->
             CLAIM(R24, !(OF(me) & out));
             perform()
          fi;
          if
          :: ends -> end_active()
          :: else
          fi;
          if
          :: isChanged -> save()
          :: else
          fi
       :: else -> break
       od;
       if
       :: my.isOpen ->
          CLAIM(R24, !(OF(me) & out));
          CLAIM(R24_STORED, !(OF(stored[AREA]) & out));
#ifdef DELAYED
          CLAIM(R24_LEFT, !(SET(me.grant) & left[_pid] & ~SET(0)))
#endif
       :: else -> forget()
       fi;
       look();
       close_gaps();
       event = NONE;
       gone = 0;
       ended = 0
     }
  :: atomic { my.queued -> send() }
#ifdef CLEAR
  :: atomic {
       !isEmptied ->
       printf("a script empties the storage\n");
       isEmptied = 1;
       wipe(stored[AREA])
     }
#endif
#ifndef NO_KILL
  :: atomic {
       my.isOpen ->
       printf("page %d is killed\n", _pid);
       forget()
     }
#endif
#ifdef SESSION
  :: atomic {
       !my.isOpen ->
       /* In its place, a page that is another's duplicate. */
       select(j : 0 .. TABS - 1);
       printf("page %d is a copy of page %d\n", _pid, j);
       copy(stored[AREA], stored[j]);
#ifdef DELAYED
       copy(seen[_pid], stored[AREA]);
#endif
       j = 0
     }
#endif
  od
}
