#pragma once

#include "storage/event_finder.h"
#include "storage/event_reader.h"

namespace rest {

/// What the answers are made of.
struct Source {
    /// Where the database is. In a file an event is found by its key in some ten microseconds, less than it
    /// takes to hand the work to another thread and back; another machine may keep one waiting for long.
    enum class Place { File, Server };

    const storage::EventFinder& finder;
    const storage::EventReader& log;
    Place place = Place::Server;
};

}  // namespace rest
