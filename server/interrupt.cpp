#include "server/interrupt.h"

#include <csignal>
#include <initializer_list>
#include <signal.h>

namespace server {

namespace {

volatile std::sig_atomic_t signal_came = 0;

void note_signal(int /*number*/) {
    signal_came = 1;
}

void set_handler(void (*handler)(int), int flags) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &action, nullptr);
}

}  // namespace

Interrupt::Interrupt() {
    signal_came = 0;
    set_handler(note_signal, static_cast<int>(SA_RESETHAND));  // and no SA_RESTART
}

Interrupt::~Interrupt() {
    set_handler(SIG_DFL, 0);
}

bool Interrupt::came() const {
    return signal_came != 0;
}

}  // namespace server
