package room

// Counts are what a room has counted since it was made.
type Counts struct {
	Members    int    // who have a name
	Choosing   int    // who have none yet
	Peak       int    // the most members at once
	Messages   uint64 // that were posted, public and private
	Deliveries uint64 // a public message to ten members is ten
}

// Counts returns what has been counted.
func (r *Room) Counts() Counts {
	c := r.counts
	c.Members = len(r.present)
	c.Choosing = len(r.order) - c.Members
	return c
}
