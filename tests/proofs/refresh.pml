/*
 * The tokens of one grant, which several tabs hold: who refreshes it, who is told, and who revokes
 * what is left (R7, R8, R30, R31, R41). tests/proofs/tabs.pml is about who is signed in; here somebody
 * is, from the start, until a tab signs out or the session is over.
 *
 * The server issues pairs of an access token and a refresh token. An access token may die as soon as
 * a tab has it on requests; a refresh ends the access token before it. A request for a refresh reaches
 * the server at any time, and its answer the tab at any later time.
 *
 * Each event of a tab is one step: it reads what is stored, does what the core does, writes, and
 * sends messages. A message comes at any later time, in any order; a tab that has none of it and
 * makes no step is one that is frozen.
 *
 *   SESSION    storage 'session': each tab has a snapshot of its own, and the list of grants that
 *              have ended is everybody's. Otherwise 'local': one snapshot for all.
 *   PERSIST    refresh tokens are stored. Otherwise only the tab that was given one has it.
 *   ROTATING   a refresh token is good for one refresh. Otherwise it stays.
 *   PROMPT     messages come before anything else happens in the tab, and the time in which others
 *              may answer ends only when nobody has anything left to say. Otherwise a tab may be
 *              frozen for as long as it likes.
 *   KILL       tabs are killed, and opened again.
 *   LOST       messages are lost, as to a page that is kept while another one is shown.
 *   ENDS       the server ends the grant.
 *   CLEAR      a script empties the storage, once.
 *   FAIL       refreshes fail for a passing reason.
 *   CLAIMS     which of the rules below are asserted.
 *
 * With CYCLES a search for cycles without progress finds an exchange of messages, or of what is stored, that goes
 * on although no request is made and nothing is answered.
 *
 *   NO_ASKING, NO_LEFTOVERS, NO_R30, NO_COMPARISON, OLD_LINE, TAKES_OLDER
 *              break it: a tab decides by what it has; does not revoke what only it has; revokes under
 *              a dead bearer; takes the refusal of an older refresh token for one of the newer; goes on
 *              with the line where what was stored is gone; takes what is stored although it is older.
 *
 * What is left out: who signs in; agents; times (a token that a refresh has given is refreshed at
 * its first 401: R49 only forbids some of that); revocations that fail.
 */

#ifndef TABS
#define TABS 2
#endif
/* Pairs that the server issues, the first one included. */
#ifndef TOKENS
#define TOKENS 3
#endif

/* When nobody holds the grant any more, and nothing is under way, no token is alive, but for those
 * that only a killed tab knew, or whose refresh failed. */
#define R7 1
/* No token is revoked twice. */
#define R8 2
/* A tab that has left the grant does not have it again. */
#define R24 4
/* When nothing is under way all tabs agree whether the grant is there. */
#define R24_AGREE 8
/* One refresh for all the tabs that meet the same dead token, and no session ends that could go on. */
#define R31 16
/* While somebody holds the grant, its living refresh token is where it can be revoked. */
#define R7_HELD 32

#ifndef CLAIMS
#define CLAIMS (R7 | R8 | R24 | R24_AGREE | R7_HELD)
#endif
#define CLAIM(rule, condition) assert(!((CLAIMS) & (rule)) || (condition))

/* Sets of pairs or tokens, which are numbered from 1. */
#define SET(number) (1 << (number))

#ifdef ROTATING
#define REFRESH_OF(pair) (pair)
#else
#define REFRESH_OF(pair) 1
#endif
#ifdef PERSIST
#define STORED_REFRESH(number) (number)
#else
#define STORED_REFRESH(number) 0
#endif

mtype = { NONE, SENT, GRANTED, REFUSED, FAILED, REFRESH_TOKEN, REFRESHING, ACCESS_TOKEN, ASKING, ANSWERED }

typedef Snapshot {
  byte line;
  byte epoch; /* 0: there is none */
  byte pair;  /* 0: nobody is signed in */
  byte refresh
}

typedef Page {
  bit isOpen;
  bit isHeld;
  byte pair;
  byte refresh; /* 0: only another tab has it */
  byte line;
  byte epoch;
  bit hasSeen; /* something is stored, as far as this tab knows */
  bit hasLeft;
  bit isWaiting; /* a request, for new tokens */
  mtype asking;  /* the other tabs */
  mtype request; /* the refresh that is under way */
  byte before;   /* the pair when it began */
  byte sent;     /* its refresh token */
  byte given;    /* the pair that is the answer */
  byte known     /* of the list: pairs with which a tab has signed out */
}

/* What a tab is revoking. */
typedef Job {
  mtype stage;
  byte pair;
  byte refresh;
  bit withAccess; /* otherwise another tab revokes that, so that the bearer counts as dead */
  bit isFinal /* it is not refreshed again */
}

#define JOBS 3

Page page[TABS];
Job job[TABS * JOBS];
Snapshot stored[TABS]; /* with 'local' only the first */
byte list;             /* with 'session' */

/* Messages to a tab: the sets of pairs that they are about. */
typedef Box {
  byte wanted;
  byte answers;
  byte saved;
  byte ended
}

Box box[TABS];

byte issued = 1;           /* pairs */
byte stamp[TOKENS + 1];     /* when a tab was given a pair by a refresh, 0: a sign-in gave it */
byte clock;
byte accessAlive = SET(1); /* tokens */
byte refreshAlive = SET(1);
byte accessRevoked;
byte refreshRevoked;
byte accessLost; /* that only a killed tab had */
byte refreshLost;
byte deaths;    /* of access tokens, by themselves */
byte refreshes; /* of the grant while it was held */
bit isCleared;
byte lines = 1;

#ifdef SESSION
#define AREA _pid
#else
#define AREA 0
#endif

#define me page[_pid]
#define ACCESS_IS_ALIVE(number) ((accessAlive & SET(number)) != 0)
#define REFRESH_IS_ALIVE(number) ((refreshAlive & SET(number)) != 0)
#define HAS_MESSAGES(i) ((box[i].wanted | box[i].answers | box[i].saved | box[i].ended) != 0)
#define JOB(i) job[_pid * JOBS + (i)]
#define HAS_BEARER(i) (ACCESS_IS_ALIVE(JOB(i).pair) && (JOB(i).withAccess || JOB(i).isFinal))

/* The newest pair, which is the only one whose access token can be alive. */
#if TABS == 2
#define IS_USED (page[0].pair == issued || page[1].pair == issued)
#else
#define IS_USED (page[0].pair == issued || page[1].pair == issued || page[2].pair == issued)
#endif

/* What a tab has not read yet, and would do something about. */
#ifdef SESSION
#define IS_NEWS(i) (list != page[i].known || (!stored[i].epoch && page[i].hasSeen && page[i].isHeld))
#else
#define IS_NEWS(i)                                                                        \
  (stored[0].epoch > page[i].epoch || (stored[0].epoch && stored[0].line != page[i].line) || \
   (!stored[0].epoch && page[i].hasSeen && page[i].isHeld) ||            \
   (stored[0].epoch == page[i].epoch && (stored[0].pair == 0) != !page[i].isHeld))
#endif

#ifdef PROMPT
#define IS_HEARD (!HAS_MESSAGES(_pid))
#if TABS == 2
#define IS_SILENT (!HAS_MESSAGES(0) && !HAS_MESSAGES(1))
#define NOBODY_REFRESHES (page[0].request == NONE && page[1].request == NONE)
#else
#define IS_SILENT (!HAS_MESSAGES(0) && !HAS_MESSAGES(1) && !HAS_MESSAGES(2))
#define NOBODY_REFRESHES \
  (page[0].request == NONE && page[1].request == NONE && page[2].request == NONE)
#endif
#else
#define IS_HEARD true
#define IS_SILENT true
#define NOBODY_REFRESHES true
#endif

/* ---- Messages and what is stored --------------------------------------------------------------- */

#define POST(what, number)                                              \
  k = 0;                                                                \
  do                                                                    \
  :: k < TABS ->                                                        \
    if                                                                  \
    :: k != _pid && page[k].isOpen ->                                   \
      box[k].what = box[k].what | SET(number)                           \
    :: else                                                             \
    fi;                                                                 \
    k++                                                                 \
  :: else -> break                                                      \
  od;                                                                   \
  k = 0

inline save() {
  me.epoch++;
  stored[AREA].line = me.line;
  stored[AREA].epoch = me.epoch;
  stored[AREA].pair = me.pair;
  stored[AREA].refresh = STORED_REFRESH(me.refresh);
  me.hasSeen = 1;
  if
  :: me.isHeld -> POST(saved, me.pair)
  :: else
  fi;
  isChanged = 0
}

/* ---- What becomes of the grant ----------------------------------------------------------------- */

inline begin_job(number, refreshToken, access, final) {
  k = 0;
  do
  :: JOB(k).stage != NONE -> k++
  :: else -> break
  od;
  assert(k < JOBS);
  JOB(k).pair = number;
  JOB(k).refresh = refreshToken;
  JOB(k).withAccess = access;
  JOB(k).isFinal = final;
  if
  :: refreshToken -> JOB(k).stage = REFRESH_TOKEN
  :: else -> JOB(k).stage = ACCESS_TOKEN
  fi;
  k = 0
}

inline end_job(i) {
  JOB(i).stage = NONE;
  JOB(i).pair = 0;
  JOB(i).refresh = 0;
  JOB(i).withAccess = 0;
  JOB(i).isFinal = 0
}

inline leave() {
  me.isHeld = 0;
  me.pair = 0;
  me.refresh = 0;
  me.asking = NONE;
  me.isWaiting = 0;
  me.hasLeft = 1
}

/* Where two tabs have refreshed the same grant, the pair of the answer that came last is everybody's.
 * Which of the two access tokens is alive then nobody can tell, and the other is not revoked by itself
 * (R41). */
inline supersede() {
  accessLost = accessLost | SET(me.pair)
}

/* Signed out here: all of it is revoked, and the others are told. */
inline revoke() {
  printf("tab %d revokes pair %d\n", _pid, me.pair);
  POST(ended, me.pair);
#ifdef SESSION
  list = list | SET(me.pair);
  me.known = me.known | SET(me.pair);
#endif
  begin_job(me.pair, me.refresh, 1, 0);
  leave();
  isChanged = 1
}

/* Signed out in another tab, with tokens that were issued at that time. */
inline leave_to_others(since) {
  printf("tab %d leaves the grant to others\n", _pid);
  if
  :: stamp[me.pair] > since -> begin_job(me.pair, me.refresh, 1, 0)
#if !defined(PERSIST) && !defined(NO_LEFTOVERS)
  :: stamp[me.pair] <= since && me.refresh -> begin_job(me.pair, me.refresh, 0, 0)
#endif
  :: stamp[me.pair] < since -> supersede()
  :: else
  fi;
  leave()
}

inline expire() {
  printf("tab %d: expired\n", _pid);
#ifdef PROMPT
  /* Nobody who is there has what would keep it going. */
  k = 0;
  do
  :: k < TABS ->
    CLAIM(R31, !(page[k].isOpen && page[k].isHeld && page[k].refresh &&
                 REFRESH_IS_ALIVE(page[k].refresh)));
    k++
  :: else -> break
  od;
  k = 0;
#endif
  leave();
  isChanged = 1
}

inline ask() {
  printf("tab %d asks\n", _pid);
#ifdef NO_ASKING
  expire()
#else
  me.asking = ASKING;
  POST(wanted, me.pair)
#endif
}

inline begin_refresh(refreshToken, number) {
  if
  :: me.request == NONE ->
    printf("tab %d refreshes pair %d\n", _pid, number);
    me.request = SENT;
    me.sent = refreshToken;
    me.before = number;
    if
    :: me.isHeld ->
      refreshes++;
#if defined(PROMPT) && !defined(PERSIST)
      CLAIM(R31, refreshes <= deaths)
#endif
    :: else
    fi
  :: else
  fi
}

inline take(number, refreshToken) {
  supersede();
  me.pair = number;
  if
  :: refreshToken -> me.refresh = refreshToken
  :: else
  fi;
  me.asking = NONE;
  me.isWaiting = 0
}

/* ---- Reading ----------------------------------------------------------------------------------- */

inline adopt() {
  isOther = (stored[AREA].pair == 0) != !me.isHeld;
  isOfLine = stored[AREA].line == me.line && !(stored[AREA].epoch == me.epoch && isOther);
  if
  :: stored[AREA].epoch > me.epoch || !isOfLine ->
    me.line = stored[AREA].line;
    me.epoch = stored[AREA].epoch;
    if
    :: me.isHeld && !stored[AREA].pair && isOfLine -> leave_to_others(stamp[me.pair])
    :: me.isHeld && !stored[AREA].pair && !isOfLine ->
      revoke();
      isChanged = 0
    :: !me.isHeld && stored[AREA].pair ->
      me.isHeld = 1;
      take(stored[AREA].pair, stored[AREA].refresh)
#ifdef TAKES_OLDER
    :: me.isHeld && stored[AREA].pair && stored[AREA].pair != me.pair ->
      take(stored[AREA].pair, stored[AREA].refresh)
#else
    :: me.isHeld && stored[AREA].pair && stamp[stored[AREA].pair] > stamp[me.pair] ->
      take(stored[AREA].pair, stored[AREA].refresh)
    :: me.isHeld && stored[AREA].pair && stamp[stored[AREA].pair] < stamp[me.pair] -> isChanged = 1
#endif
    :: else
    fi;
    /* What this tab is revoking does not come back. */
    k = 0;
    do
    :: k < JOBS && me.isHeld && JOB(k).stage != NONE ->
      leave_to_others(stamp[JOB(k).pair]);
      isChanged = 1;
      break
    :: k < JOBS && !(me.isHeld && JOB(k).stage != NONE) -> k++
    :: else -> break
    od;
    k = 0
  :: stored[AREA].epoch < me.epoch && isOfLine ->
    /* A tab that had not heard of this epoch has written over it. */
    isChanged = 1
  :: else
  fi;
  isOther = 0;
  isOfLine = 0
}

inline read() {
#ifdef SESSION
  if
  :: list != me.known ->
    gone = list & ~me.known;
    me.known = me.known | list;
    list = me.known;
    p = 1;
    do
    :: p <= TOKENS ->
      if
      :: me.isHeld && (gone & SET(p)) ->
        leave_to_others(stamp[p]);
        isChanged = 1
      :: else
      fi;
      p++
    :: else -> break
    od;
    p = 0;
    gone = 0
  :: else
  fi;
#else
  if
  :: stored[0].epoch ->
    me.hasSeen = 1;
    adopt()
  :: else
  fi;
#endif
  if
  :: !stored[AREA].epoch && me.hasSeen && me.isHeld ->
#ifndef OLD_LINE
    /* Another tab may have newer tokens: it is not to take them for ended. */
    lines++;
    me.line = lines;
#endif
    isChanged = 1
  :: else
  fi;
  if
  :: isChanged -> save()
  :: else
  fi
}

/* ---- Events ------------------------------------------------------------------------------------ */

/* The tab hears one message. */
inline hear() {
  if
  :: box[_pid].wanted ->
    select_from(box[_pid].wanted);
    box[_pid].wanted = box[_pid].wanted & ~SET(p);
    if
    :: me.isHeld && stamp[me.pair] > stamp[p] -> POST(answers, stored[AREA].pair)
    :: me.isHeld && stamp[me.pair] <= stamp[p] && me.refresh ->
      begin_refresh(me.refresh, me.pair);
      POST(answers, stored[AREA].pair)
    :: else
    fi
  :: box[_pid].answers ->
    select_from(box[_pid].answers);
    box[_pid].answers = box[_pid].answers & ~SET(p);
    if
    :: me.isHeld && stamp[p] > stamp[me.pair] ->
      take(p, STORED_REFRESH(REFRESH_OF(p)));
      isChanged = 1
    :: me.isHeld && stamp[p] <= stamp[me.pair] && me.asking == ASKING -> me.asking = ANSWERED
    :: else
    fi
  :: box[_pid].saved ->
    select_from(box[_pid].saved);
    box[_pid].saved = box[_pid].saved & ~SET(p);
    if
    :: me.isHeld && stamp[p] > stamp[me.pair] ->
      take(p, STORED_REFRESH(REFRESH_OF(p)));
      isChanged = 1
    :: else
    fi
  :: box[_pid].ended ->
    select_from(box[_pid].ended);
    box[_pid].ended = box[_pid].ended & ~SET(p);
    if
    :: me.isHeld ->
      leave_to_others(stamp[p]);
      isChanged = 1
    :: else
    fi
  fi;
  p = 0
}

inline select_from(set) {
  select(p : 1 .. TOKENS);
  if
  :: set & SET(p)
  :: else ->
    p = 1;
    do
    :: !(set & SET(p)) -> p++
    :: else -> break
    od
  fi
}

/* A request meets the dead access token. */
inline meet_401() {
  me.isWaiting = 1;
  if
  :: me.asking != NONE
  :: me.asking == NONE && !me.refresh -> ask()
  :: me.asking == NONE && me.refresh -> begin_refresh(me.refresh, me.pair)
  fi
}

/* The answer to the refresh. */
inline receive() {
  printf("tab %d: refresh of pair %d: %e, pair %d\n", _pid, me.before, me.request, me.given);
  p = 0;
  do
  :: p < JOBS && JOB(p).stage != REFRESHING -> p++
  :: else -> break
  od;
  if
  :: p < JOBS && me.request == FAILED -> JOB(p).stage = REFRESH_TOKEN
#ifndef NO_COMPARISON
  :: p < JOBS && me.request == REFUSED && me.before != JOB(p).pair ->
    /* The refresh had begun with an older refresh token. */
    JOB(p).isFinal = 0;
    JOB(p).stage = REFRESH_TOKEN
  :: p < JOBS && me.request == REFUSED && me.before == JOB(p).pair -> end_job(p)
#else
  :: p < JOBS && me.request == REFUSED -> end_job(p)
#endif
  :: p < JOBS && me.request == GRANTED ->
    end_job(p);
    begin_job(me.given, REFRESH_OF(me.given), 1, 1)
  :: p == JOBS && me.request == GRANTED && me.isHeld ->
    clock++;
    stamp[me.given] = clock;
    supersede();
    me.pair = me.given;
    me.refresh = REFRESH_OF(me.given);
    me.isWaiting = 0;
    isChanged = 1
  :: p == JOBS && me.request == GRANTED && !me.isHeld ->
    begin_job(me.given, REFRESH_OF(me.given), 1, 0)
  :: p == JOBS && me.request != GRANTED && me.isHeld && me.before != me.pair -> me.isWaiting = 0
  :: p == JOBS && me.request == REFUSED && me.isHeld && me.before == me.pair ->
#ifdef PERSIST
    me.refresh = 0;
    isChanged = 1;
    ask()
#else
    me.isWaiting = 0;
    expire()
#endif
  :: else -> me.isWaiting = 0
  fi;
  me.request = NONE;
  me.before = 0;
  me.sent = 0;
  me.given = 0;
  p = 0
}

inline time_is_over() {
  if
  :: me.asking == ASKING -> expire()
  :: else
  fi;
  me.asking = NONE;
  me.isWaiting = 0
}

/* The next request of a revocation, and its answer. */
inline go_on_with(i) {
  if
  :: JOB(i).stage == REFRESH_TOKEN && HAS_BEARER(i) ->
    printf("tab %d revokes refresh token %d\n", _pid, JOB(i).refresh);
#ifdef ROTATING
    CLAIM(R8, !(refreshRevoked & SET(JOB(i).refresh)));
#endif
    refreshRevoked = refreshRevoked | SET(JOB(i).refresh);
    refreshAlive = refreshAlive & ~SET(JOB(i).refresh);
    JOB(i).refresh = 0;
    if
    :: JOB(i).withAccess -> JOB(i).stage = ACCESS_TOKEN
    :: else -> end_job(i)
    fi
  :: JOB(i).stage == REFRESH_TOKEN && !HAS_BEARER(i) && !JOB(i).isFinal ->
#ifdef NO_R30
    end_job(i)
#else
    JOB(i).isFinal = 1;
    begin_refresh(JOB(i).refresh, JOB(i).pair);
    JOB(i).stage = REFRESHING
#endif
  :: JOB(i).stage == REFRESH_TOKEN && !HAS_BEARER(i) && JOB(i).isFinal ->
    printf("tab %d: the revocation of refresh token %d is rejected\n", _pid, JOB(i).refresh);
#ifdef FAIL
    refreshLost = refreshLost | SET(JOB(i).refresh);
#endif
    JOB(i).refresh = 0;
    if
    :: JOB(i).withAccess -> JOB(i).stage = ACCESS_TOKEN
    :: else -> end_job(i)
    fi
  :: JOB(i).stage == ACCESS_TOKEN ->
    printf("tab %d revokes access token %d\n", _pid, JOB(i).pair);
    CLAIM(R8, !(accessRevoked & SET(JOB(i).pair)));
    accessRevoked = accessRevoked | SET(JOB(i).pair);
    accessAlive = accessAlive & ~SET(JOB(i).pair);
    end_job(i)
  fi
}

/* ---- The server -------------------------------------------------------------------------------- */

inline answer_refresh() {
  if
  :: REFRESH_IS_ALIVE(me.sent) ->
#ifdef ROTATING
    refreshAlive = refreshAlive & ~SET(me.sent);
#endif
    issued++;
    me.given = issued;
    refreshAlive = refreshAlive | SET(REFRESH_OF(issued));
    accessAlive = SET(issued);
    me.request = GRANTED
  :: else -> me.request = REFUSED
  fi
}

/* ---- What must hold ---------------------------------------------------------------------------- */

inline forget() {
  accessLost = accessLost | SET(me.pair) | SET(me.given);
  refreshLost = refreshLost | SET(me.refresh) | SET(REFRESH_OF(me.given)) | SET(me.sent);
  k = 0;
  do
  :: k < JOBS ->
    accessLost = accessLost | SET(JOB(k).pair);
    refreshLost = refreshLost | SET(JOB(k).refresh);
    end_job(k);
    k++
  :: else -> break
  od;
  me.isOpen = 0;
  me.isHeld = 0;
  me.pair = 0;
  me.refresh = 0;
  me.line = 0;
  me.epoch = 0;
  me.hasSeen = 0;
  me.hasLeft = 0;
  me.isWaiting = 0;
  me.asking = NONE;
  me.request = NONE;
  me.before = 0;
  me.sent = 0;
  me.given = 0;
  me.known = 0;
  box[_pid].wanted = 0;
  box[_pid].answers = 0;
  box[_pid].saved = 0;
  box[_pid].ended = 0;
  k = 0
}

inline open() {
  printf("tab %d is opened\n", _pid);
  me.isOpen = 1;
  if
  :: stored[AREA].pair ->
    me.isHeld = 1;
    me.pair = stored[AREA].pair;
    me.refresh = stored[AREA].refresh
  :: else
  fi;
  me.line = stored[AREA].line;
  me.epoch = stored[AREA].epoch;
  me.hasSeen = stored[AREA].epoch != 0
}

/* What is where. */
inline look() {
  d_step {
    isQuiet = 1;
    somebodyHolds = 0;
    somebodyDoesNot = 0;
    kept = 0;
    k = 0;
    do
    :: k < TABS ->
      isQuiet = isQuiet && !HAS_MESSAGES(k) && page[k].request == NONE && page[k].asking == NONE;
      isQuiet = isQuiet && !(page[k].isOpen && IS_NEWS(k));
#ifdef SESSION
      kept = kept | SET(stored[k].refresh);
#else
      kept = kept | SET(stored[0].refresh);
#endif
      somebodyHolds = somebodyHolds || (page[k].isOpen && page[k].isHeld);
      somebodyDoesNot = somebodyDoesNot || (page[k].isOpen && !page[k].isHeld);
      kept = kept | SET(page[k].refresh);
      if
      :: page[k].request == SENT -> kept = kept | SET(page[k].sent)
      :: page[k].request == GRANTED -> kept = kept | SET(REFRESH_OF(page[k].given))
      :: else
      fi;
      k++
    :: else -> break
    od;
    k = 0;
    do
    :: k < TABS * JOBS ->
      isQuiet = isQuiet && job[k].stage == NONE;
      kept = kept | SET(job[k].refresh);
      k++
    :: else -> break
    od;
    k = 0
  }
}

inline check() {
  look();
#ifdef SESSION
  /* With 'session' a tab that has not signed out has left by itself. */
  CLAIM(R24_AGREE, !(isQuiet && somebodyHolds && somebodyDoesNot && list));
  CLAIM(R7, !(isQuiet && !somebodyHolds && !stored[0].pair && !stored[1].pair) ||
            (!(accessAlive & ~accessLost) && !(refreshAlive & ~refreshLost)));
#else
  CLAIM(R24_AGREE, !(isQuiet && somebodyHolds && somebodyDoesNot));
  CLAIM(R7, !(isQuiet && !somebodyHolds && !stored[0].pair) ||
            (!(accessAlive & ~accessLost) && !(refreshAlive & ~refreshLost)));
#endif
  CLAIM(R7_HELD, !(refreshAlive & ~(kept | refreshLost)));
  isQuiet = 0;
  somebodyHolds = 0;
  somebodyDoesNot = 0;
  kept = 0
}

active[TABS] proctype Tab() {
  byte k;
  byte p;
  byte gone;
  byte kept;
  bit isChanged;
  bit isOther;
  bit isOfLine;
  bit isQuiet;
  bit somebodyHolds;
  bit somebodyDoesNot;
  bit isNews;
  bit isProgress;
  atomic {
    me.request = NONE;
    me.asking = NONE;
    do
    :: k < JOBS ->
      JOB(k).stage = NONE;
      k++
    :: else -> break
    od;
    k = 0;
    me.isOpen = 1;
    me.isHeld = 1;
    me.pair = 1;
    me.line = 1;
    me.epoch = 1;
    me.hasSeen = 1;
    stored[AREA].line = 1;
    stored[AREA].epoch = 1;
    stored[AREA].pair = 1;
    stored[AREA].refresh = STORED_REFRESH(1);
    me.refresh = STORED_REFRESH(1);
    if
    :: _pid == 0 -> me.refresh = 1
    :: else
    fi
  }
  /* All are there before anything happens. */
  page[TABS - 1].isOpen && page[0].isOpen && page[1].isOpen;
  do
  :: atomic {
       me.isOpen && !isProgress ->
       isNews = IS_NEWS(_pid);
       read();
       if
       :: HAS_MESSAGES(_pid) -> hear()
       :: IS_HEARD && me.isHeld && !ACCESS_IS_ALIVE(me.pair) && !me.isWaiting ->
          isProgress = 1;
          meet_401()
       :: IS_HEARD && me.isHeld -> revoke()
       :: IS_HEARD && me.request != NONE && me.request != SENT ->
          isProgress = 1;
          receive()
       :: IS_SILENT && me.asking == ASKING -> time_is_over()
       :: IS_SILENT && NOBODY_REFRESHES && me.asking == ANSWERED -> time_is_over()
       :: JOB(0).stage != NONE && JOB(0).stage != REFRESHING -> go_on_with(0)
       :: JOB(1).stage != NONE && JOB(1).stage != REFRESHING -> go_on_with(1)
       :: JOB(2).stage != NONE && JOB(2).stage != REFRESHING -> go_on_with(2)
       :: isNews
       :: !isNews -> isProgress = 1
       fi;
       isNews = 0;
       if
       :: isChanged -> save()
       :: else
       fi;
       CLAIM(R24, !(me.hasLeft && me.isHeld));
       check();
#ifndef CYCLES
       isProgress = 0
#endif
     }
#ifdef CYCLES
  :: isProgress ->
progress:
     isProgress = 0
#endif
  :: atomic {
       me.request == SENT && (issued < TOKENS || !REFRESH_IS_ALIVE(me.sent)) -> answer_refresh();
       check()
     }
#ifdef FAIL
  :: atomic { me.request == SENT -> me.request = FAILED }
#endif
#ifdef KILL
  :: atomic {
       me.isOpen ->
       printf("tab %d is killed\n", _pid);
       forget()
     }
  :: atomic {
       !me.isOpen ->
#ifdef SESSION
       k = (_pid == 0 -> 1 : 0);
       if
       :: true
       :: true ->
         stored[_pid].line = stored[k].line;
         stored[_pid].epoch = stored[k].epoch;
         stored[_pid].pair = stored[k].pair;
         stored[_pid].refresh = stored[k].refresh
       fi;
       k = 0;
#endif
       open()
     }
#endif
#ifdef LOST
  :: atomic {
       HAS_MESSAGES(_pid) ->
       box[_pid].wanted = 0;
       box[_pid].answers = 0;
       box[_pid].saved = 0;
       box[_pid].ended = 0
     }
#endif
  od
}

active proctype Server() {
  do
  :: d_step {
       accessAlive && issued < TOKENS && IS_USED ->
       accessAlive = 0;
       deaths++
     }
#ifdef ENDS
  :: d_step {
       refreshAlive && IS_USED ->
       refreshAlive = 0;
       accessAlive = 0
     }
#endif
#ifdef CLEAR
  :: d_step {
       !isCleared ->
       isCleared = 1;
       stored[0].line = 0;
       stored[0].epoch = 0;
       stored[0].pair = 0;
       stored[0].refresh = 0;
       list = 0
     }
#endif
  od
}
